"""The rules a scene must keep, in the order in which they are told."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import urlsplit

from services.delivery.domain.mail import Unmailable, checked_header, checked_mailbox
from services.delivery.domain.scenes import words
from services.delivery.domain.scenes.reading import LIQUID
from services.delivery.domain.scenes.scene import Finding, Flaw, Link, Scene
from services.delivery.domain.sms import segments

HTML_BYTES_MAX = 102 * 1024
"""Gmail cuts a mail here, and with it the way to unsubscribe."""
PUSH_CHARS_MAX = 178
"""What a lock screen shows of a push message, at most."""
IN_APP_CHARS_MAX = 400
EMAIL_WORDS_MIN = 5
SMS_SENTENCES_MAX = 2
GIVEN = frozenset(
    {"unsubscribe_url", "preferences_url", "now", "locale", "timezone", "message_id", "topic"}
)
"""Variables every text has."""
_SAMPLE = "x" * 10
"""Stands for a value that is not known yet."""
_OWN_PAGES = ("unsubscribe_url", "preferences_url")


def lint(scene: Scene) -> list[Finding]:
    """All flaws of a scene."""
    return [finding for rule in RULES for finding in rule(scene)]


def known_variables(scene: Scene) -> Iterator[Finding]:
    """Everything printed or asked for is listed in `variables`, or given to every text."""
    for path in scene.used:
        root = path.split(".")[0]
        declared = any(path == each or path.startswith(f"{each}.") for each in scene.declared)
        within = any(each.startswith(f"{path}.") for each in scene.declared)
        if not (root in GIVEN or declared or within):
            expected = "a variable listed in the template's variables"
            yield Finding(Flaw.UNKNOWN_VARIABLE, scene.path, expected, path)


def unsubscribe(scene: Scene) -> Iterator[Finding]:
    """Marketing says how to end it (§ 7 UWG, Art. 21 GDPR)."""
    if scene.message_class != "marketing" or any(each in scene.used for each in _OWN_PAGES):
        return
    if scene.channel == "email":
        yield Finding(Flaw.NO_UNSUBSCRIBE, scene.path, "a link to {{ unsubscribe_url }}")
    elif scene.channel == "sms" and not words.STOP.search(scene.plain):
        yield Finding(Flaw.NO_UNSUBSCRIBE, scene.path, "STOP, or {{ unsubscribe_url }}")


def imprint(scene: Scene) -> Iterator[Finding]:
    """Marketing mail says who sends it (§ 5 DDG)."""
    if scene.message_class == "marketing" and scene.channel == "email":
        if not words.IMPRINT.search(scene.plain):
            yield Finding(Flaw.NO_IMPRINT, scene.path, "the sender's postal address or imprint")


def no_promotion_in_transactional(scene: Scene) -> Iterator[Finding]:
    """A message under a contract sells nothing and asks for no opinion: both are marketing."""
    if scene.message_class != "transactional":
        return
    if found := words.PROMOTION.search(scene.plain):
        expected = "nothing that sells; make it marketing"
        yield Finding(Flaw.PROMOTION_IN_TRANSACTIONAL, scene.path, expected, found.group())
    if found := words.SURVEY.search(scene.plain):
        expected = "no survey; make it marketing"
        yield Finding(Flaw.SURVEY_IN_TRANSACTIONAL, scene.path, expected, found.group())


def links(scene: Scene) -> Iterator[Finding]:
    """Links are whole addresses that a mail program may open."""
    for link in scene.links:
        href = link.href.strip()
        if href.startswith(("{{", "{%", "mailto:", "tel:", "sms:")) and href != "mailto:":
            continue
        host = _host(href)
        if not host:
            expected = "a whole address: https://…"
            yield Finding(Flaw.BAD_LINK, scene.path, expected, href[:80])
        elif href.startswith("http://"):
            yield Finding(Flaw.UNSAFE_LINK, scene.path, "https://", href[:80])


def _host(href: str) -> str:
    """The host of an http address; empty where it is none. Liquid may stand in for parts of it."""
    quiet = LIQUID.sub("x", href)
    if not re.fullmatch(r"https?://[^\s<>\"\\^`{}]+", quiet, re.IGNORECASE):
        return ""
    try:
        parts = urlsplit(quiet)
        return parts.hostname or "" if "@" not in parts.netloc else ""
    except ValueError:
        return ""


def size(scene: Scene) -> Iterator[Finding]:
    """The HTML part is not cut off."""
    bytes_now = len(scene.copy.html.encode("utf-8", "replace"))
    if bytes_now > HTML_BYTES_MAX:
        expected = f"at most {HTML_BYTES_MAX} bytes of HTML"
        yield Finding(Flaw.TOO_LARGE, scene.path, expected, f"{bytes_now}")


def headers(scene: Scene) -> Iterator[Finding]:
    """Nothing in a header breaks out of it."""
    if scene.channel != "email":
        return
    try:
        for name in ("subject", "preheader"):
            checked_header(name, getattr(scene.copy, name).strip())
        for name in ("sender", "reply_to"):
            if text := getattr(scene.copy, name):
                checked_mailbox(name, text)
    except Unmailable as error:
        expected = "one line, and an address where there is to be one"
        yield Finding(Flaw.BAD_HEADER, scene.path, expected, str(error))


def segment_limit(scene: Scene) -> Iterator[Finding]:
    """A text message costs no more than it may; values are taken for ten characters."""
    if scene.channel == "sms":
        found = segments(LIQUID.sub(_sample, scene.copy.text))
        if found.count > scene.segments_max:
            got = f"{found.count} segments"
            got += f", {found.foreign!r} forces UCS-2" if found.foreign else ""
            expected = f"at most {scene.segments_max} segments"
            yield Finding(Flaw.TOO_MANY_SEGMENTS, scene.path, expected, got)


def _sample(found: re.Match[str]) -> str:
    return _SAMPLE if found.group().startswith("{{") else ""


def urgency(scene: Scene) -> Iterator[Finding]:
    """No hurry without a real end, which the text or the template names."""
    if found := words.URGENCY.search(scene.plain):
        texts = (scene.copy.subject, scene.copy.html or scene.copy.text)
        named = words.DAY.search(scene.plain) or words.UNTIL.search(scene.plain)
        if not (scene.expires or named or any(words.DATE_FILTER.search(each) for each in texts)):
            expected = "the real end: a date in the text, or `expires`"
            yield Finding(Flaw.URGENCY_WITHOUT_END, scene.path, expected, found.group())


def lifetime(scene: Scene) -> Iterator[Finding]:
    """What is promised and linked is there at least as long as the message may come."""
    if scene.holds_for_s is not None and scene.holds_for_s < scene.valid_for_s:
        expected = f"holds_for of at least the {scene.valid_for_s:g} s the message is valid"
        yield Finding(Flaw.ENDS_TOO_EARLY, scene.path, expected, f"{scene.holds_for_s:g} s")


def future_dates(scene: Scene) -> Iterator[Finding]:
    """A day with a year, in the text or in `expires`, is not over already."""
    for found in words.DAY.finditer(f"{scene.plain} {_german(scene.expires)}"):
        year = found.group("year")
        month = found.group("number") or words.MONTHS[(found.group("name") or "").lower()]
        if year and _is_over(int(year), int(month), int(found.group("day")), scene):
            yield Finding(Flaw.PAST_DATE, scene.path, "a day to come", found.group())


def _german(expires: str) -> str:
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2}).*", expires)
    return f"{found.group(3)}.{found.group(2)}.{found.group(1)}" if found else ""


def _is_over(year: int, month: int, day: int, scene: Scene) -> bool:
    """Whether the day is over. Days long gone are history ("since 1. Mai 1990"), not an end."""
    try:
        on = date(year, month, day)
    except ValueError:
        return False
    today = scene.now.date()
    return on < today and (today - on).days < 400


def one_ask(scene: Scene) -> Iterator[Finding]:
    """One message asks for one thing: all its links lead there, or are housekeeping."""
    if scene.channel in ("email", "sms") and scene.message_class == "marketing":
        targets = {_target(link) for link in scene.links if _asks(link)}
        if len(targets) > 1:
            expected = "links to one place; the other one is another message"
            got = ", ".join(sorted(targets))[:160]
            yield Finding(Flaw.MORE_THAN_ONE_ASK, scene.path, expected, got)


def _asks(link: Link) -> bool:
    if link.href.startswith(("mailto:", "tel:", "sms:", "#")):
        return False
    if any(page in link.href for page in _OWN_PAGES):
        return False
    return not words.HOUSEKEEPING.search(f"{link.href} {link.words}")


def _target(link: Link) -> str:
    """Answers to one question differ in their query only."""
    return link.href.partition("?")[0].partition("#")[0].rstrip("/")


def sentences(scene: Scene) -> Iterator[Finding]:
    """A text message is a pointer: two sentences, the way out not counted."""
    if scene.channel == "sms":
        text = re.sub(r"[^.!?]*\bstop\b[^.!?]*[.!?]?", " ", scene.plain, flags=re.IGNORECASE)
        count = words.sentences(text)
        if count > SMS_SENTENCES_MAX:
            expected = f"at most {SMS_SENTENCES_MAX} sentences"
            yield Finding(Flaw.TOO_MANY_SENTENCES, scene.path, expected, str(count))


def channel_role(scene: Scene) -> Iterator[Finding]:
    """E-mail explains; push and in-app say it at a glance."""
    length = len(scene.plain)
    if scene.channel == "push" and length > PUSH_CHARS_MAX:
        expected = f"at most {PUSH_CHARS_MAX} characters on a lock screen"
        yield Finding(Flaw.CHANNEL_ROLE, scene.path, expected, str(length))
    elif scene.channel == "in_app" and length > IN_APP_CHARS_MAX:
        expected = f"at most {IN_APP_CHARS_MAX} characters in an app"
        yield Finding(Flaw.CHANNEL_ROLE, scene.path, expected, str(length))
    elif scene.channel == "email" and scene.message_class == "marketing":
        count = len(re.findall(r"\w{2,}", re.sub(r"https?://\S+", "", _body(scene))))
        if count < EMAIL_WORDS_MIN:
            expected = "some words of explanation; a bare pointer is an SMS or a push"
            yield Finding(Flaw.CHANNEL_ROLE, scene.path, expected, f"{count} words")


def _body(scene: Scene) -> str:
    """The words of a mail without its subject and its last line, which is the footer."""
    return LIQUID.sub(" ", scene.copy.text).rpartition("\n")[0] or scene.copy.text


def recap(scene: Scene) -> Iterator[Finding]:
    """Who has not seen the scene before gets it told by the template `recap`."""
    if scene.builds_on and not scene.has_recap:
        expected = f"a recap for people who have not seen {scene.builds_on}"
        yield Finding(Flaw.NO_RECAP, scene.path, expected)


RULES: tuple[Callable[[Scene], Iterator[Finding]], ...] = (
    known_variables,
    unsubscribe,
    imprint,
    no_promotion_in_transactional,
    links,
    size,
    headers,
    segment_limit,
    urgency,
    lifetime,
    future_dates,
    one_ask,
    sentences,
    channel_role,
    recap,
)
