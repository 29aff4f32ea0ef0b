"""Where a person is: the zone of their data, else of their phone number, else the workspace's.

A country code may span several zones (+1 reaches from Newfoundland to Hawaii): then quiet hours
hold while they hold in any of them. Codes are those of ITU-T E.164; each country's zones are the
main ones of the IANA database, most people first.
"""

from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.decision.domain.civil import find_zone
from services.decision.domain.state import PersonState

TRAIT, DEVICE, PHONE, WORKSPACE = "trait", "context", "phone", "workspace"


class Place(NamedTuple):
    """The zones a person may be in, likeliest first, and how that is known."""

    zones: tuple[ZoneInfo, ...]
    source: str


def place_of(state: PersonState, workspace: ZoneInfo) -> Place:
    """Return where a person is; where nothing tells, where the workspace is."""
    zone = find_zone(state.timezone)
    if zone is not None:
        return Place((zone,), state.timezone_source or TRAIT)
    phone = state.endpoints.get("sms")
    if phone is not None:
        zones = zones_of_phone(phone.address)
        if zones:
            return Place(zones, PHONE)
    return Place((workspace,), WORKSPACE)


def zones_of_phone(number: str) -> tuple[ZoneInfo, ...]:
    """Return the zones of a number in international form (+49 ...), none where it is not."""
    digits = "".join(character for character in number if character.isdigit())
    if not number.lstrip().startswith("+") or len(digits) < 7:
        return ()
    return _zones_of_code(digits[:3])


@lru_cache(maxsize=1024)
def _zones_of_code(digits: str) -> tuple[ZoneInfo, ...]:
    for length in (3, 2, 1):
        names = _ZONES.get(digits[:length])
        if names is not None:
            return tuple(zone for name in names if (zone := find_zone(name)) is not None)
    return ()


_NORTH_AMERICA = (
    "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Denver",
    "America/Phoenix", "America/Halifax", "America/St_Johns", "America/Anchorage",
    "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip
_RUSSIA_KAZAKHSTAN = (
    "Europe/Moscow", "Asia/Yekaterinburg", "Europe/Samara", "Asia/Omsk", "Asia/Krasnoyarsk",
    "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
    "Europe/Kaliningrad", "Asia/Almaty",
)  # fmt: skip

_ZONES: dict[str, tuple[str, ...]] = {
    "1": _NORTH_AMERICA,
    "7": _RUSSIA_KAZAKHSTAN,
    "20": ("Africa/Cairo",), "27": ("Africa/Johannesburg",),
    "30": ("Europe/Athens",), "31": ("Europe/Amsterdam",), "32": ("Europe/Brussels",),
    "33": ("Europe/Paris",), "34": ("Europe/Madrid", "Atlantic/Canary"),
    "36": ("Europe/Budapest",), "39": ("Europe/Rome",), "40": ("Europe/Bucharest",),
    "41": ("Europe/Zurich",), "43": ("Europe/Vienna",), "44": ("Europe/London",),
    "45": ("Europe/Copenhagen",), "46": ("Europe/Stockholm",), "47": ("Europe/Oslo",),
    "48": ("Europe/Warsaw",), "49": ("Europe/Berlin",),
    "51": ("America/Lima",), "52": ("America/Mexico_City", "America/Tijuana", "America/Cancun"),
    "53": ("America/Havana",), "54": ("America/Argentina/Buenos_Aires",),
    "55": ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco", "America/Noronha"),
    "56": ("America/Santiago", "America/Punta_Arenas", "Pacific/Easter"),
    "57": ("America/Bogota",), "58": ("America/Caracas",),
    "60": ("Asia/Kuala_Lumpur",),
    "61": ("Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin",
           "Australia/Perth", "Australia/Lord_Howe"),
    "62": ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    "63": ("Asia/Manila",), "64": ("Pacific/Auckland", "Pacific/Chatham"),
    "65": ("Asia/Singapore",), "66": ("Asia/Bangkok",),
    "81": ("Asia/Tokyo",), "82": ("Asia/Seoul",), "84": ("Asia/Ho_Chi_Minh",),
    "86": ("Asia/Shanghai",), "90": ("Europe/Istanbul",), "91": ("Asia/Kolkata",),
    "92": ("Asia/Karachi",), "93": ("Asia/Kabul",), "94": ("Asia/Colombo",),
    "95": ("Asia/Yangon",), "98": ("Asia/Tehran",),
    "212": ("Africa/Casablanca",), "213": ("Africa/Algiers",), "216": ("Africa/Tunis",),
    "218": ("Africa/Tripoli",), "221": ("Africa/Dakar",), "225": ("Africa/Abidjan",),
    "233": ("Africa/Accra",), "234": ("Africa/Lagos",), "237": ("Africa/Douala",),
    "243": ("Africa/Kinshasa", "Africa/Lubumbashi"), "244": ("Africa/Luanda",),
    "251": ("Africa/Addis_Ababa",), "254": ("Africa/Nairobi",),
    "255": ("Africa/Dar_es_Salaam",), "256": ("Africa/Kampala",), "263": ("Africa/Harare",),
    "351": ("Europe/Lisbon", "Atlantic/Azores", "Atlantic/Madeira"),
    "352": ("Europe/Luxembourg",), "353": ("Europe/Dublin",), "354": ("Atlantic/Reykjavik",),
    "355": ("Europe/Tirane",), "356": ("Europe/Malta",), "357": ("Asia/Nicosia",),
    "358": ("Europe/Helsinki",), "359": ("Europe/Sofia",), "370": ("Europe/Vilnius",),
    "371": ("Europe/Riga",), "372": ("Europe/Tallinn",), "373": ("Europe/Chisinau",),
    "374": ("Asia/Yerevan",), "375": ("Europe/Minsk",), "376": ("Europe/Andorra",),
    "377": ("Europe/Monaco",), "378": ("Europe/San_Marino",), "380": ("Europe/Kyiv",),
    "381": ("Europe/Belgrade",), "382": ("Europe/Podgorica",), "383": ("Europe/Belgrade",),
    "385": ("Europe/Zagreb",), "386": ("Europe/Ljubljana",), "387": ("Europe/Sarajevo",),
    "389": ("Europe/Skopje",), "420": ("Europe/Prague",), "421": ("Europe/Bratislava",),
    "423": ("Europe/Vaduz",), "502": ("America/Guatemala",), "503": ("America/El_Salvador",),
    "504": ("America/Tegucigalpa",), "505": ("America/Managua",), "506": ("America/Costa_Rica",),
    "507": ("America/Panama",), "591": ("America/La_Paz",),
    "593": ("America/Guayaquil", "Pacific/Galapagos"), "595": ("America/Asuncion",),
    "598": ("America/Montevideo",), "852": ("Asia/Hong_Kong",), "853": ("Asia/Macau",),
    "855": ("Asia/Phnom_Penh",), "856": ("Asia/Vientiane",), "880": ("Asia/Dhaka",),
    "886": ("Asia/Taipei",), "960": ("Indian/Maldives",), "961": ("Asia/Beirut",),
    "962": ("Asia/Amman",), "963": ("Asia/Damascus",), "964": ("Asia/Baghdad",),
    "965": ("Asia/Kuwait",), "966": ("Asia/Riyadh",), "968": ("Asia/Muscat",),
    "970": ("Asia/Gaza", "Asia/Hebron"), "971": ("Asia/Dubai",), "972": ("Asia/Jerusalem",),
    "973": ("Asia/Bahrain",), "974": ("Asia/Qatar",), "976": ("Asia/Ulaanbaatar", "Asia/Hovd"),
    "977": ("Asia/Kathmandu",), "992": ("Asia/Dushanbe",), "993": ("Asia/Ashgabat",),
    "994": ("Asia/Baku",), "995": ("Asia/Tbilisi",), "996": ("Asia/Bishkek",),
    "998": ("Asia/Tashkent",),
}  # fmt: skip
