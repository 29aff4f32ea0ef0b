"""What German and English scenes say when they sell, ask for an opinion, press, or name a day.

Patterns, not understanding. They are held to a labelled set of scenes
(`tests/unit/delivery/scenes.yaml`): what they miss or see where it is not shows there.
"""

import re

_I = re.IGNORECASE


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns), _I)


PROMOTION = _any(
    # German
    r"\d+\s?(?:%|prozent|€|euro)\s+(?:rabatt|nachlass|ersparnis|günstiger|sparen)",
    r"\d+\s?(?:%|prozent|€|euro)\s+auf (?:alle|alles|ihr|dein)",
    r"(?:rabatt|gutschein|vorteils?|aktions?)(?:-?code)?\b[^.!?]{0,40}\b(?:sichern|gesch|schenken)",
    r"(?:rabatt|gutschein)(?:-?code)?\b[^.!?]{0,40}\bfür (?:sie|dich|(?:ihr|dein|d)en? nächste)",
    r"(?:schenken|haben) (?:wir )?(?:für )?(?:ihnen|dir|sie|dich)[^.!?]{0,40}"
    r"(?:rabatt|gutschein|%)",
    r"sparen sie|spar(?:e|st)? (?:jetzt|bis|\d)",
    r"jetzt (?:\w+ )?(?:sparen|shoppen|kaufen|zugreifen|sichern|bestellen)",
    r"(?:unsere?|neuen?|aktuellen?|tolle) (?:angebote|aktionen|deals)\b",
    r"\bsonderangebot|\bschnäppchen|\bsale\b|(?:zum|im) sonderpreis|gratis dazu|nur heute für",
    r"(?:könnte|dürfte|wird) (?:ihnen|dir) (?:auch )?gefallen|(?:kunden|andere) kauften auch",
    r"passt (?:perfekt )?dazu|passend dazu|dazu empfehlen wir",
    r"entdecken? (?:sie )?(?:auch|unsere|jetzt)|neu im (?:shop|sortiment|angebot)",
    r"newsletter (?:bestellen|abonnieren)|empfehlen sie uns|freunde werben",
    r"upgraden? (?:sie )?(?:jetzt|auf)",
    # English
    r"\d+\s?% off|\bsave (?:up to |now|\d)|\bcoupon\b|discount (?:code|on your next)",
    r"voucher for (?:you|your next)|(?:shop|buy|order) (?:now|today)|special offer",
    r"our (?:latest|new|current) (?:offers|deals)|you (?:may|might) also like|discover our",
    r"refer a friend|goes (?:perfectly )?with",
)
SURVEY = _any(
    # German
    r"\bumfrage\b|\bbefragung\b|wie (?:sehr )?zufrieden|zufriedenheit|\bbewerten? sie|\bbewerte\b",
    r"(?:eine|ihre|deine) (?:kurze )?bewertung (?:ab|schreiben|hinterlassen|abgeben)",
    r"bewertung (?:abgeben|schreiben|hinterlassen)",
    r"(?:ihre|deine) meinung|(?:ihr|dein|geben sie uns|gib uns) feedback|weiterempfehlen",
    r"sternen? (?:geben|vergeben)|was (?:können|könnten) wir besser",
    r"wie (?:war|hat|gefällt|fanden|läuft)[^.!?]{0,40}\?",
    # English
    r"\bsurvey\b|how (?:satisfied|likely)|rate (?:us|your|our)|leave (?:us )?a review",
    r"your (?:opinion|feedback)|how did we do|recommend us",
)
URGENCY = _any(
    # German
    r"\bnur (?:noch )?(?:heute|jetzt|kurze? zeit|wenige|\d+|für kurze|ein(?:en?)? paar)",
    r"\bnur (?:noch )?diese woche",
    r"letzte (?:chance|gelegenheit|stunden?|tage|möglichkeit)|bald vorbei|fast vorbei",
    r"(?:endet|enden|läuft|laufen) (?:\w+ )?(?:heute|bald|morgen|in kürze|in wenigen)",
    r"solange (?:der )?vorrat|beeil(?:en|e|t)?\b|jetzt oder nie|die zeit (?:läuft|drängt)",
    r"nicht (?:mehr )?lange|nicht verpassen|verpass(?:en sie|e)? (?:nicht|nichts|es nicht)",
    r"schnell sein|sei(?:en sie)? schnell|(?:verfallen|verfällt) (?:bald|heute|in kürze)",
    r"\blast minute\b|höchste zeit|bevor es zu spät|(?:fast|beinahe) (?:vergeben|ausverkauft)",
    # English
    r"\b(?:today|this week) only|last chance|ends (?:today|tonight|soon)|hurry|act now",
    r"while (?:stocks|supplies) last|don't miss|expires? (?:soon|today)|only \d+ left|running out",
)
MONTHS = {
    name: at
    for at, names in enumerate(
        (
            ("januar", "jänner", "january"),
            ("februar", "february"),
            ("märz", "march"),
            ("april",),
            ("mai", "may"),
            ("juni", "june"),
            ("juli", "july"),
            ("august",),
            ("september",),
            ("oktober", "october"),
            ("november",),
            ("dezember", "december"),
        ),
        1,
    )
    for name in names
}
_MONTH = "|".join(MONTHS)
DAY = re.compile(
    r"\b(?P<day>\d{1,2})\.\s?"
    rf"(?:(?P<number>\d{{1,2}})\.|(?P<name>{_MONTH}))\s?(?P<year>\d{{4}})?",
    _I,
)
"""A day as German texts write it."""
_WEEKDAYS = "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
UNTIL = _any(
    r"\bbis\s+(?:zum\s+|einschließlich\s+)?(?:(?:kommenden?|nächsten?|diesen?)\s+)?"
    rf"(?:{_WEEKDAYS}|mitternacht|monatsende|ende)",
    r"\b\d{1,2}(?:[:.]\d{2})?\s?uhr\b",
    rf"\b(?:{_MONTH}) \d{{1,2}}\b|\buntil \w+day\b|\b\d{{1,2}}(?::\d{{2}})?\s?[ap]m\b",
)
"""A real end in words, without a day's number."""
DATE_FILTER = re.compile(r"\{\{[^}]*\|\s*(?:day|moment|time|date)\b")
_STREETS = "straße|strasse|str\\.|weg|platz|allee|gasse|ring|damm|ufer"
IMPRINT = _any(
    r"\bimpressum\b|\bimprint\b|\blegal notice\b",
    rf"(?:{_STREETS})\s*\d+\s?[a-z]?\b[^.]{{0,20}}?\b\d{{4,5}}\s+[a-zäöü]",
    r"\b\d{5}\s+[a-zäöü]{3}",
)
STOP = _any(r"\bstop+\b|\babmelden\b|\babbestellen\b|\bunsubscribe\b|\bopt[- ]?out\b")
HOUSEKEEPING = _any(
    r"impressum|imprint|datenschutz|privacy|agb\b|terms|kontakt|contact|widerruf|cookie",
    r"abmelde|abbestell|unsubscribe|preference|einstellung|browser|webversion|view online",
    r"facebook|instagram|youtube|linkedin|tiktok|pinterest|hilfe\b|help\b",
)
"""Links every mail has; they ask for nothing."""
SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")
_ABBREVIATIONS = (
    r"z\. ?b|bzw|ca|nr|inkl|usw|etc|str|dr|tel|evtl|ggf|u\. ?a|d\. ?h|max|min|mind|st|abt"
)
_NOT_AN_END = _any(rf"\b(?:{_ABBREVIATIONS})\.", r"\b\d{1,2}\.(?=\s?\d|\s?[a-zä])")


def sentences(text: str) -> int:
    """How many sentences a text has; abbreviations and dates end none."""
    quiet = _NOT_AN_END.sub("x", text)
    pieces = [each for each in SENTENCE_END.split(quiet) if re.search(r"\w{2}", each)]
    return len(pieces)
