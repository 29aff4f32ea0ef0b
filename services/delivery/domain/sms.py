"""How many segments a text message takes (3GPP TS 23.038, GSM 7-bit default alphabet; UCS-2).

A message of one segment holds 160 characters of the alphabet, or 70 in UCS-2; of several, each
holds 153 or 67, since a header joins them. A character of the extension table takes two places and
is not torn over two segments; nor is a surrogate pair.
"""

import msgspec

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
_PLACES = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)

GSM_ONE, GSM_EACH = 160, 153
UCS_ONE, UCS_EACH = 70, 67


class Segments(msgspec.Struct, frozen=True):
    """What a text costs.

    Args:
        places: septets of the alphabet, or 16-bit units.
        foreign: the first character that forces UCS-2; empty where there is none.
    """

    count: int
    places: int
    foreign: str = ""


def segments(text: str) -> Segments:
    """Segments of a text; an empty text takes one."""
    foreign = next((each for each in text if each not in _PLACES), "")
    if foreign:
        sizes = [len(each.encode("utf-16-be", "surrogatepass")) // 2 for each in text]
        return Segments(_count(sizes, UCS_ONE, UCS_EACH), sum(sizes), foreign)
    sizes = [_PLACES[each] for each in text]
    return Segments(_count(sizes, GSM_ONE, GSM_EACH), sum(sizes))


def _count(sizes: list[int], one: int, each: int) -> int:
    if sum(sizes) <= one:
        return 1
    count, left = 1, each
    for size in sizes:
        if size > left:
            count, left = count + 1, each
        left -= size
    return count
