"""Addresses of servers as people write them."""

from __future__ import annotations

import pytest

from tray_dictate.core.errors import ConfigError
from tray_dictate.system.network.address import Address, AddressRules, is_local, loopbacks

RULES = AddressRules(("http",), ("https",), "https://example.org", "key_command", ", or allow it")

UNDERSTOOD = [
    ("https://Host.Example/a?b=c#d", Address(True, "host.example", "/a", "b=c")),
    ("host.example:8443/v1", Address(True, "host.example:8443", "/v1", "")),
    (" localhost:11434/v1\n", Address(False, "localhost:11434", "/v1", "")),
    ("[::1]:80", Address(False, "[::1]:80", "", "")),
    ("https://[2001:db8::1]", Address(True, "[2001:db8::1]", "", "")),
    ("http://127.3.2.1", Address(False, "127.3.2.1", "", "")),
]


@pytest.mark.parametrize(("text", "parts"), UNDERSTOOD, ids=[text for text, _ in UNDERSTOOD])
def test_every_spelling_of_an_address_is_understood(text, parts):
    assert RULES.parse(text, "a.b") == parts


REFUSED = [
    ("", "'' is not an address such as https://example.org"),
    ("ftp://h", "'ftp://h' is not an address such as"),
    ("https://", "is not an address such as"),
    ("https://a b/c", "is not an address such as"),
    ("https://h:port", "is not an address: Port could not be cast"),
    ("https://h:99999", "is not an address: Port out of range"),
    ("https://[h", "is not an address: Invalid IPv6 URL"),
    ("https://h?key=hush:x\x07", "it contains a line break or a control character"),
    ("https:\n//user:hush@h", "it contains a line break or a control character"),
    ("https://user:hush@h", "it contains a password; use key_command"),
    ("https://user:hush@h:port", "it contains a password; use key_command"),
    ("ftp://user:hush@h", "it contains a password; use key_command"),
    ("user:hush@ho\u2100st", "it contains a password; use key_command"),
    ("https://h:x?key=hush", "'https://h:x' is not an address: "),
    ("http://h", "h is another machine, and http:// lets anyone on the way read what you say; "
     "use https://, or allow it"),
    ("http://127.0.0.1.example", "127.0.0.1.example is another machine"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[ascii(text) for text, _ in REFUSED])
def test_what_cannot_be_used_is_told_with_its_setting_and_without_a_secret(text, said):
    with pytest.raises(ConfigError) as refused:
        RULES.parse(text, "a.b")
    assert str(refused.value).startswith("a.b: ")
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_another_machine_in_the_clear_is_for_those_who_allow_it():
    assert RULES.parse("http://h", "a.b", allow_plain=True) == Address(False, "h", "", "")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.0.0.1:80", True), ("[::1]:80", True), ("::1", True),
        ("LocalHost:1", True), ("localhost.localdomain", True), ("10.0.0.1", False),
        ("localhost.", True), ("a.b.localhost:1", True), ("127.1:80", True), ("0x7f.1", True),
        ("2130706433", True), ("[::ffff:127.0.0.1]:80", True), ("ip6-localhost", True),
        ("0.0.0.0:8000", True), ("[::]:8000", True), ("\uff11\uff12\uff17.0.0.1", True),
        ("::ffff:10.0.0.1", False), ("128.1", False), ("127.0.0.1.example", False),
        ("notlocalhost", False), ("1.2.3.4.5", False), ("127.0.0.256", False),
        ("localhost.com", False),
        ("localhost.example", False), ("2001:db8::1", False), ("", False),
    ],
)  # fmt: skip
def test_this_machine_is_known(host, local):
    assert is_local(host) is local


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.2:80", ("127.0.0.2",)), ("127.1", ("127.0.0.1",)),
        ("[::ffff:127.0.0.3]", ("127.0.0.3",)), ("[::1]:80", ("::1",)),
        ("localhost:80", ("127.0.0.1", "::1")), ("0.0.0.0", ("127.0.0.1", "::1")),
        ("192.0.2.1", ()),
    ],
)  # fmt: skip
def test_this_machine_is_met_at_its_own_addresses_and_nobody_is_asked_for_them(host, addresses):
    assert loopbacks(host) == addresses
