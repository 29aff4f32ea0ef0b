"""Which addresses may be called."""

import pytest

from services.delivery.domain.addresses import is_public

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.1.2.3
169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1
2001:0:53aa:64c::1 2001:10::1 2001:db8::1 2002:a9fe:a9fe::1 2002:7f00:1::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff05::2 [::1] [fd00::1] 127.1
127.0.1 0x7f000001 0x7f.1 2130706433 017700000001 1 10.1 169.254.169.254.
"""
PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "[2a00:1450:4001::5e]"]
NAMES = ["example.com", "hooks.example.", "a-1.example", "xn--bcher-kva.example", "1e100.net"]


@pytest.mark.parametrize("host", REFUSED.split())
def test_address_that_leads_inside_is_refused(host: str) -> None:
    assert is_public(host) is False


def test_table_is_long_enough() -> None:
    assert len(REFUSED.split()) >= 60


@pytest.mark.parametrize("host", PUBLIC)
def test_public_address_may_be_called(host: str) -> None:
    assert is_public(host) is True


@pytest.mark.parametrize("host", NAMES)
def test_name_is_left_to_the_resolver(host: str) -> None:
    assert is_public(host) is None
