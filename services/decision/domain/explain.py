"""One decision as sentences people understand: what was decided, and why not the others."""

from zoneinfo import ZoneInfo

from services.decision.domain.decisions import Candidate, Decision
from services.decision.domain.sentences import Language, sentence

_TRIGGERS = {
    "event": ("The event {name}", "Das Ereignis {name}"),
    "wakeup": ("The passing of time", "Der Lauf der Zeit"),
    "receipt": ("A report about a message", "Ein Bericht über eine Nachricht"),
    "permission": ("A change of permission", "Eine Änderung der Erlaubnis"),
    "permit": ("The last check before sending", "Die letzte Prüfung vor dem Senden"),
    "enter": ("A request to enter a journey", "Der Wunsch, eine Journey zu betreten"),
    "move": ("The move to another version", "Der Wechsel zu einer anderen Version"),
    "message": ("A request for a message", "Der Wunsch nach einer Nachricht"),
    "next": ("A client app asking for the next message", "Die Frage einer App nach der nächsten"),
    "launch": ("The launch of a campaign", "Der Start einer Kampagne"),
    "merge": ("The merging of two profiles", "Das Zusammenführen zweier Profile"),
}
_LED_TO = (" led to this decision.", " führte zu dieser Entscheidung.")
_CHOSEN = ("chosen: all {count} rules passed", "gewählt: alle {count} Regeln erfüllt")


def explain(
    decision: Decision, language: Language = "en", zone: ZoneInfo | None = None
) -> list[str]:
    """Return the decision as sentences: its cause, its outcome, then each candidate's story."""
    german = language == "de"
    opening = _TRIGGERS[decision.trigger.kind][german].format(name=decision.trigger.name)
    lines = [opening + _LED_TO[german]]
    lines.append(decision.reason_de if german else decision.reason_en)
    lines.extend(_story(one, language, zone) for one in decision.candidates)
    return [line for line in lines if line]


def _story(candidate: Candidate, language: Language, zone: ZoneInfo | None) -> str:
    name = candidate.template or candidate.step
    where = f"{name} ({candidate.journey}, {candidate.step})" if candidate.journey else name
    if not candidate.against:
        count = len(candidate.verdicts)
        return f"{where}: {_CHOSEN[language == 'de'].format(count=count)}."
    return f"{where}: " + " ".join(sentence(one, language, zone) for one in candidate.against)
