"""Every reason in one plain sentence, English and German, with the numbers of the case.

"Held back: 4 of 4 messages in 30 days already sent (cap four-a-month); may go again on
2026-12-03 at 08:00."
"""

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.decision.domain.decisions import Fact, Ruling, Verdict
from services.decision.domain.reasons import Reason

Language = Literal["en", "de"]

_CLAUSES: dict[Reason, tuple[str, str]] = {
    Reason.MARKETING_STOPPED: (
        "all marketing is stopped",
        "alle Werbung ist angehalten",
    ),
    Reason.JOURNEY_PAUSED: (
        "the journey {journey} is paused",
        "die Journey {journey} ist angehalten",
    ),
    Reason.JOURNEY_REMOVED: (
        "this version of the journey {journey} is no longer in the catalog",
        "diese Version der Journey {journey} steht nicht mehr im Katalog",
    ),
    Reason.TEMPLATE_REMOVED: (
        "the template {template} is no longer in the catalog",
        "die Vorlage {template} steht nicht mehr im Katalog",
    ),
    Reason.NOT_IN_AUDIENCE: (
        "the person is not in the audience of {journey}",
        "die Person gehört nicht zur Zielgruppe von {journey}",
    ),
    Reason.EXIT_RULE: (
        "{event} ended the journey {journey}",
        "{event} hat die Journey {journey} beendet",
    ),
    Reason.GOAL_REACHED: (
        "the goal of {journey} is reached ({event})",
        "das Ziel von {journey} ist erreicht ({event})",
    ),
    Reason.EXPIRED: (
        "it is no longer valid",
        "sie gilt nicht mehr",
    ),
    Reason.MERGED: (
        "two profiles became one, and {journey} goes on in the other",
        "zwei Profile wurden eins, und {journey} läuft im anderen weiter",
    ),
    Reason.NO_ADDRESS: (
        "there is no address for {channel}",
        "es gibt keine Adresse für {channel}",
    ),
    Reason.ADDRESS_CHANGED: (
        "the address for {channel} has changed",
        "die Adresse für {channel} hat sich geändert",
    ),
    Reason.NO_CONSENT: (
        "there is no consent for {channel}, {topic}",
        "es gibt keine Einwilligung für {channel}, {topic}",
    ),
    Reason.CONSENT_PENDING: (
        "consent for {channel}, {topic} is not confirmed yet",
        "die Einwilligung für {channel}, {topic} ist noch nicht bestätigt",
    ),
    Reason.CONSENT_WITHDRAWN: (
        "consent for {channel}, {topic} was withdrawn",
        "die Einwilligung für {channel}, {topic} wurde widerrufen",
    ),
    Reason.CONSENT_FOR_OTHER_ADDRESS: (
        "consent for {channel}, {topic} was given for another address",
        "die Einwilligung für {channel}, {topic} gilt für eine andere Adresse",
    ),
    Reason.ADDRESS_UNPROVEN: (
        "the address for {channel} is not proven",
        "die Adresse für {channel} ist nicht bestätigt",
    ),
    Reason.OBJECTION: (
        "the person objected to direct marketing",
        "die Person hat der Direktwerbung widersprochen",
    ),
    Reason.SUPPRESSED: (
        "{channel} is suppressed ({detail})",
        "{channel} ist gesperrt ({detail})",
    ),
    Reason.PAUSED_BY_PERSON: (
        "the person asked for a pause",
        "die Person hat um eine Pause gebeten",
    ),
    Reason.MUTED: (
        "marketing is muted ({detail})",
        "Werbung ist stummgeschaltet ({detail})",
    ),
    Reason.ASK_DONE: (
        "the person has already done what it asks for ({ask})",
        "die Person hat schon getan, worum sie bittet ({ask})",
    ),
    Reason.ASKED_ELSEWHERE: (
        "{journey} is already asking for the same ({ask})",
        "{journey} bittet schon um dasselbe ({ask})",
    ),
    Reason.COOL_DOWN: (
        "the same message ({template}) was sent too recently",
        "dieselbe Nachricht ({template}) ging erst kürzlich hinaus",
    ),
    Reason.CAP_REACHED: (
        "{count} of {limit} messages in {window} already sent (cap {policy})",
        "{count} von {limit} Nachrichten in {window} schon gesendet (Obergrenze {policy})",
    ),
    Reason.MINIMUM_GAP: (
        "less than {window} since the last message (gap {policy})",
        "weniger als {window} seit der letzten Nachricht (Abstand {policy})",
    ),
    Reason.QUIET_HOURS: (
        "it is quiet from {from} to {to} in {zone} ({policy})",
        "von {from} bis {to} ist Ruhe in {zone} ({policy})",
    ),
    Reason.PERIOD_FULL: (
        "{count} of {limit} messages this {period_name} already sent (cap {policy})",
        "{count} von {limit} Nachrichten {period_name} schon gesendet (Obergrenze {policy})",
    ),
    Reason.BLOCKED: (
        "less than {window} since a message that bars it ({policy})",
        "weniger als {window} seit einer Nachricht, die sie sperrt ({policy})",
    ),
    Reason.BLACKOUT: (
        "nothing is sent on {day} ({policy})",
        "am {day} wird nichts gesendet ({policy})",
    ),
    Reason.PRESSURE: (
        "{count} of {limit} messages in {window} already sent; {unanswered} unanswered ({policy})",
        "{count} von {limit} Nachrichten in {window}; {unanswered} unbeantwortet ({policy})",
    ),
    Reason.KEPT_FREE: (
        "the last place under {policy} is kept for {to}",
        "der letzte Platz unter {policy} bleibt für {to} frei",
    ),
    Reason.HOLDOUT: (
        "the person is in the holdout {holdout} ({percent} %)",
        "die Person gehört zur Vergleichsgruppe {holdout} ({percent} %)",
    ),
    Reason.LOST: (
        "{to} went first",
        "{to} hatte Vorrang",
    ),
    Reason.ALREADY_SENT: (
        "it was sent already, or may have been",
        "sie wurde schon gesendet oder könnte gesendet worden sein",
    ),
    Reason.UNKNOWN_MESSAGE: (
        "no such message is waiting",
        "eine solche Nachricht wartet nicht",
    ),
    Reason.NOT_ACCEPTED: (
        "it was not accepted ({detail})",
        "sie wurde nicht angenommen ({detail})",
    ),
    Reason.PERMIT_REFUSED: (
        "the last check before sending refused it",
        "die letzte Prüfung vor dem Senden hat sie abgelehnt",
    ),
    Reason.NOT_DRAWN: (
        "{to} was drawn in its place",
        "{to} wurde an ihrer Stelle gezogen",
    ),
    Reason.NOT_WORTH_IT: (
        "its worth ({score}) does not cover what another message costs",
        "ihr Wert ({score}) wiegt eine weitere Nachricht nicht auf",
    ),
    Reason.NOT_ASKED_FOR: (
        "no client app has asked for it yet",
        "noch keine App hat danach gefragt",
    ),
    Reason.PREFERRED_TIME: (
        "the person is usually there at another hour",
        "die Person ist meist zu einer anderen Stunde da",
    ),
}

_OPENINGS: dict[Ruling, tuple[str, str]] = {
    Ruling.REFUSED: ("Not sent", "Nicht gesendet"),
    Ruling.HELD: ("Held back", "Zurückgehalten"),
    Ruling.LOST: ("Held back", "Zurückgehalten"),
    Ruling.GHOST: ("Kept back for comparison", "Zum Vergleich zurückgehalten"),
}

_BASES: dict[str, tuple[str, str]] = {
    "contract": ("part of a contract", "Teil eines Vertrags"),
    "requested": ("asked for by the person", "von der Person erbeten"),
    "opt_in": ("consent given", "Einwilligung liegt vor"),
    "double_opt_in": ("consent given and confirmed", "Einwilligung liegt vor und ist bestätigt"),
    "existing_customer": ("existing customer, similar goods", "Bestandskunde, ähnliche Waren"),
    "legitimate_interest": ("legitimate interest", "berechtigtes Interesse"),
}

_PASSED = ("Nothing against it ({rule}).", "Nichts dagegen ({rule}).")

_PERIODS: dict[str, tuple[str, str]] = {
    "hour": ("hour", "in dieser Stunde"),
    "day": ("day", "an diesem Tag"),
    "week": ("week", "in dieser Woche"),
    "month": ("month", "in diesem Monat"),
    "quarter": ("quarter", "in diesem Quartal"),
}

#: Seconds, then singular and plural in English and (dative) German.
_UNITS = (
    (86_400, ("day", "days"), ("Tag", "Tagen")),
    (3_600, ("hour", "hours"), ("Stunde", "Stunden")),
    (60, ("minute", "minutes"), ("Minute", "Minuten")),
    (1, ("second", "seconds"), ("Sekunde", "Sekunden")),
)


class _Facts(dict[str, object]):
    """Facts for a sentence; one that is missing shows as a dash rather than breaking it."""

    def __missing__(self, key: str) -> str:
        return "–"


def sentence(verdict: Verdict, language: Language = "en", zone: ZoneInfo | None = None) -> str:
    """Return what a rule said, in words. Times show in `zone`, else in UTC."""
    german = language == "de"
    if verdict.reason is None:
        return _PASSED[german].format(rule=verdict.rule)
    opening = _OPENINGS[verdict.ruling][german]
    text = f"{opening}: {clause(verdict.reason, verdict.facts, language)}"
    if verdict.until is not None:
        when = at(verdict.until, language, zone)
        text += f"; frühestens wieder {when}" if german else f"; may go again {when}"
    return text + "."


def clause(reason: Reason, facts: dict[str, Fact], language: Language = "en") -> str:
    """Return a reason as a clause, without capital letter and full stop."""
    shown = _Facts(facts)
    window_s = facts.get("window_s")
    if isinstance(window_s, int):
        shown["window"] = span(window_s, language)
    if "period" in facts:
        shown["period_name"] = _PERIODS[str(facts["period"])][language == "de"]
    return _CLAUSES[reason][language == "de"].format_map(shown)


def sent(event: str, journey: str, step: str, basis: str, language: Language = "en") -> str:
    """Return why a message goes out: of a journey, or (without one) asked for by the API."""
    ground = _BASES.get(basis, (basis, basis))[language == "de"]
    if not journey:
        opening = "Gesendet, wie über die API verlangt" if language == "de" else "Sent as asked for"
        return f"{opening}; {ground}." if language == "de" else f"{opening} by the API; {ground}."
    if language == "de":
        return f"Gesendet: {event} begann die Journey {journey} (Schritt {step}); {ground}."
    return f"Sent: {event} began the journey {journey} (step {step}); {ground}."


def span(seconds: int, language: Language = "en") -> str:
    """Return a length of time in the largest unit that divides it."""
    for size, english, german in _UNITS:
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {(german if language == 'de' else english)[count != 1]}"
    return f"{seconds} s"


def at(moment: datetime, language: Language = "en", zone: ZoneInfo | None = None) -> str:
    """Return a moment as people write it, in `zone`, else in UTC."""
    shown = moment.astimezone(zone or UTC)
    suffix = "" if zone else " UTC"
    if language == "de":
        return f"am {shown:%d.%m.%Y} um {shown:%H:%M}{suffix}"
    return f"on {shown:%Y-%m-%d} at {shown:%H:%M}{suffix}"
