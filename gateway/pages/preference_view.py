"""The preference centre as HTML, in German and English."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from gateway.pages.page import Language


@dataclass(frozen=True)
class Row:
    """One channel and topic; `may_grant` where it can be switched on from here."""

    channel: str
    topic: str
    name: str
    on: bool
    may_grant: bool = True


@dataclass(frozen=True)
class View:
    """What the page shows. `known` is False where decision could not be asked."""

    valid: bool = True
    known: bool = True
    rows: Sequence[Row] = ()
    paused_until: str = ""
    objected: bool = False
    why_en: str = ""
    why_de: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    locale: str = ""
    not_relevant: bool = False
    done: str = ""


def title_of(language: Language, view: View) -> str:
    """The page's heading."""
    return _TEXTS[language]["title" if view.valid else "invalid_title"]


def body_of(language: Language, view: View, pauses_d: Sequence[int]) -> str:
    """The page below its heading."""
    text = _TEXTS[language]
    if not view.valid:
        return f"<p>{text['invalid']}</p>"
    parts = []
    if f"done_{view.done}" in text:
        parts.append(f'<p class="done" role="status">{text[f"done_{view.done}"]}</p>')
    if not view.known:
        parts.append(f"<p>{text['unknown']}</p>")
    parts += [
        _topics(text, view),
        _pause(text, view, pauses_d),
        _objection(text, view),
        _why(language, text, view),
    ]
    return "\n".join(each for each in parts if each)


def _topics(text: dict[str, str], view: View) -> str:
    if not view.rows:
        return ""
    boxes = "\n".join(_box(text, row) for row in view.rows)
    return (
        f"<h2>{text['topics']}</h2>\n"
        f'<form method="post"><input type="hidden" name="do" value="topics">\n'
        f"<fieldset><legend>{text['legend']}</legend>\n{boxes}\n</fieldset>\n"
        f'<button type="submit">{text["save"]}</button></form>'
    )


def _box(text: dict[str, str], row: Row) -> str:
    value = escape(f"{row.channel}/{row.topic}")
    words = f"{escape(row.name)} ({text.get(row.channel, escape(row.channel))})"
    was = f'<input type="hidden" name="was" value="{value}">' if row.on else ""
    if not (row.on or row.may_grant):
        return f'<label><input type="checkbox" disabled> {words}: {text["elsewhere"]}</label>'
    checked = " checked" if row.on else ""
    box = f'<input type="checkbox" name="on" value="{value}"{checked}>'
    return f"{was}<label>{box} {words}</label>"


def _pause(text: dict[str, str], view: View, pauses_d: Sequence[int]) -> str:
    if view.objected:
        return ""
    if view.paused_until:
        words = text["paused"].format(until=escape(_day(view.paused_until)))
        return f"<h2>{text['pause']}</h2>\n<p>{words}</p>\n{_button('resume', text['resume'])}"
    options = "".join(
        f'<option value="{days}">{text["days"].format(days=days)}</option>' for days in pauses_d
    )
    return (
        f"<h2>{text['pause']}</h2>\n"
        f'<form method="post"><input type="hidden" name="do" value="pause">\n'
        f'<p><label for="days">{text["pause_for"]}</label> '
        f'<select id="days" name="days">{options}</select></p>\n'
        f'<button type="submit" class="quiet">{text["pause_button"]}</button></form>'
    )


def _objection(text: dict[str, str], view: View) -> str:
    head = f"<h2>{text['objection']}</h2>\n"
    if view.objected:
        return f"{head}<p>{text['objected']}</p>\n{_button('unobject', text['unobject'])}"
    return f"{head}<p>{text['object_words']}</p>\n{_button('objection', text['object'])}"


def _why(language: Language, text: dict[str, str], view: View) -> str:
    why = view.why_de if language == "de" else view.why_en
    if not why:
        return ""
    about = escape(view.subject)
    at = _day(view.sent_at.isoformat()) if view.sent_at else ""
    told = text["about"].format(subject=about, at=at) if about else ""
    button = (
        f"<p>{text['done_not_relevant']}</p>"
        if view.not_relevant
        else _button("not_relevant", text["not_relevant"])
    )
    return f'<h2 id="why">{text["why"]}</h2>\n<p>{told}{escape(why)}</p>\n{button}'


def _button(do: str, words: str) -> str:
    return (
        f'<form method="post"><input type="hidden" name="do" value="{do}">'
        f'<button type="submit" class="quiet">{words}</button></form>'
    )


def _day(text: str) -> str:
    """A day as both languages read it."""
    return text[:10]


_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "What you get from us",
        "topics": "Topics",
        "legend": "I want messages about",
        "save": "Save",
        "elsewhere": "can be ordered where you gave us this address",
        "pause": "A break",
        "pause_for": "No advertising for",
        "days": "{days} days",
        "pause_button": "Take a break",
        "paused": "You get no advertising until {until}.",
        "resume": "End the break",
        "objection": "No advertising at all",
        "object_words": "You may object to all direct marketing at any time, on every channel."
        " Messages about your orders and contracts are not concerned.",
        "object": "Object to all advertising",
        "objected": "You have objected to all advertising. You get none.",
        "unobject": "Take the objection back",
        "why": "Why did I get this?",
        "about": "“{subject}”, sent on {at}: ",
        "not_relevant": "This was not relevant to me",
        "unknown": "We cannot show your present choices right now. What you switch off here counts"
        " all the same.",
        "done_topics": "Your choice is saved.",
        "done_pause": "The break has begun.",
        "done_resume": "The break is over.",
        "done_objection": "You will get no advertising any more.",
        "done_unobject": "Your objection is taken back.",
        "done_not_relevant": "Thank you, we have noted it.",
        "invalid_title": "This link is not valid",
        "invalid": "It may have been cut off. Please open it from the message once more.",
        "email": "e-mail",
        "sms": "text message",
        "push": "push notification",
        "in_app": "in the app",
        "post": "by post",
        "social": "social media",
    },
    "de": {
        "title": "Was Sie von uns bekommen",
        "topics": "Themen",
        "legend": "Ich möchte Nachrichten zu",
        "save": "Speichern",
        "elsewhere": "lässt sich dort bestellen, wo Sie uns diese Adresse gegeben haben",
        "pause": "Pause",
        "pause_for": "Keine Werbung für",
        "days": "{days} Tage",
        "pause_button": "Pause beginnen",
        "paused": "Sie bekommen bis zum {until} keine Werbung.",
        "resume": "Pause beenden",
        "objection": "Gar keine Werbung",
        "object_words": "Sie können jeder Direktwerbung jederzeit widersprechen, auf jedem Weg."
        " Nachrichten zu Ihren Bestellungen und Verträgen sind davon nicht betroffen.",
        "object": "Jeder Werbung widersprechen",
        "objected": "Sie haben jeder Werbung widersprochen und bekommen keine.",
        "unobject": "Widerspruch zurücknehmen",
        "why": "Warum habe ich das bekommen?",
        "about": "„{subject}“, gesendet am {at}: ",
        "not_relevant": "Das war für mich nicht wichtig",
        "unknown": "Wir können Ihre jetzigen Einstellungen gerade nicht zeigen. Was Sie hier"
        " abwählen, gilt trotzdem.",
        "done_topics": "Ihre Auswahl ist gespeichert.",
        "done_pause": "Die Pause hat begonnen.",
        "done_resume": "Die Pause ist beendet.",
        "done_objection": "Sie bekommen keine Werbung mehr.",
        "done_unobject": "Ihr Widerspruch ist zurückgenommen.",
        "done_not_relevant": "Danke, wir haben es vermerkt.",
        "invalid_title": "Dieser Link ist nicht gültig",
        "invalid": "Vielleicht wurde er abgeschnitten. Bitte öffnen Sie ihn noch einmal aus der"
        " Nachricht.",
        "email": "E-Mail",
        "sms": "SMS",
        "push": "Push-Nachricht",
        "in_app": "in der App",
        "post": "per Post",
        "social": "soziale Medien",
    },
}
