"""The frame of every page, and in which language a person wants it."""

from html import escape
from typing import Literal

Language = Literal["en", "de"]

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
"""Nothing is loaded, kept or passed on: a token in the address goes nowhere else."""

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 10vh auto;
  padding: 0 1rem; }
h1 { font-size: 1.75rem; line-height: 1.25; }
button { font: inherit; font-weight: 600; padding: .75rem 1.5rem; border: 0; border-radius: .5rem;
  background: #14532d; color: #fff; cursor: pointer; }
button:focus-visible, input:focus-visible, select:focus-visible, a:focus-visible {
  outline: 3px solid #b45309; outline-offset: 3px; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; }
fieldset { border: 1px solid #6b7280; border-radius: .5rem; margin: 1rem 0; padding: .75rem 1rem; }
label { display: block; padding: .25rem 0; }
input[type=checkbox], input[type=radio] { width: 1.25rem; height: 1.25rem; margin-right: .5rem;
  vertical-align: -.2rem; }
select { font: inherit; padding: .5rem; }
.done { border-left: .375rem solid #15803d; padding: .5rem 1rem; }
button.quiet { background: transparent; color: inherit; border: 2px solid currentColor; }
"""


def html(language: Language, title: str, *, body: str) -> str:
    """A whole page; `body` is HTML already, the title is not."""
    shown = escape(title)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{shown}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def language_of(accept_language: str) -> Language:
    """German or English, whichever the browser likes better; English where it names neither.

    See RFC 9110, 12.5.4.
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.split(","):
        name, _, parameter = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        if language == "de" and _weight(parameter) > best[0]:
            best = (_weight(parameter), "de")
        elif language == "en" and _weight(parameter) > best[0]:
            best = (_weight(parameter), "en")
    return best[1]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
