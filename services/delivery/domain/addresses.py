"""Which network addresses strangers may make us call: public ones only.

`ipaddress.is_global` says yes to some that lead inside (measured on Python 3.11: NAT64 and 6to4
forms of private addresses, 192.0.0.192), so the list of what is refused is longer than its.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_REFUSED = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/9",
        "ff00::/8",
    )
)
"""IANA's special-purpose registries (RFC 6890) and forms that carry an IPv4 address inside."""


def is_public(host: str) -> bool | None:
    """Whether an address may be called; None where `host` is no address but a name.

    Addresses in the odd forms that some systems take (`127.1`, `0x7f000001`, `2130706433`) are
    refused: they are no names either.
    """
    text = host.strip("[]")
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        last = text.rstrip(".").rpartition(".")[2].lower()
        return False if _is_numeric(last) or not text else None
    if isinstance(found, IPv6Address) and found.scope_id:
        return False
    return found.is_global and not any(
        found in network for network in _REFUSED if network.version == found.version
    )


def _is_numeric(label: str) -> bool:
    """The last label makes it an address for `inet_aton` (WHATWG URL, "ends in a number")."""
    return label.isdigit() or (
        label.startswith("0x") and all(c in "0123456789abcdef" for c in label[2:])
    )
