"""From where a request comes: what proxies vouch for is believed, whatever else it says is not."""

import logging

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory

from bonafide.sessions import client
from bonafide.sessions.client import address_of, browser_and_system, client_of

PEER = "192.0.2.1"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture(autouse=True)
def _warn_anew():
    client._said.clear()


@pytest.fixture
def proxies(settings):
    def declare(count):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = count

    return declare


def request(forwarded=None, agent="", peer=PEER):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    return RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_USER_AGENT=agent, **headers)


# --- Proxies --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, None, PEER),
        (0, "203.0.113.9", PEER),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 198.51.100.2", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 198.51.100.2", "203.0.113.9"),
        (2, "203.0.113.9", None),
        (1, None, None),
        (1, "", None),
        (1, "203.0.113.9, ", None),
        (2, "203.0.113.9,,198.51.100.2", None),
        (1, "unknown", None),
        (1, "unix:", None),
        (1, "a," * 50_000 + "203.0.113.9", "203.0.113.9"),
        (1, "9" * 100_000, None),
    ],
)
def test_only_what_declared_proxies_wrote_counts(proxies, count, forwarded, expected):
    proxies(count)
    assert address_of(request(forwarded)) == expected


@pytest.mark.parametrize(("count", "forwarded"), [(0, "203.0.113.9"), (2, "203.0.113.9")])
def test_a_header_that_does_not_fit_what_was_declared_is_told_once_without_the_address(proxies, caplog, count, forwarded):
    proxies(count)
    for _ in range(3):
        address_of(request(forwarded))
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "network.proxies" in said
    assert "203.0.113.9" not in said
    assert PEER not in said


def test_what_fits_is_not_told(proxies, caplog):
    address_of(request())
    proxies(1)
    address_of(request("203.0.113.9"))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("count", "forwarded", "counted"),
    [(0, "203.0.113.9", PEER), (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"), (2, "203.0.113.9", "unknown"), (1, "junk", "unknown")],
)
def test_the_rate_limits_count_the_same_address(proxies, count, forwarded, counted):
    """Guessing is slowed down by address; a forged header must not buy new attempts, nor an odd one an error."""
    proxies(count)
    assert get_adapter().get_client_ip(request(forwarded)) == counted


# --- Spellings ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:443", "203.0.113.9"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
    ],
)
def test_an_address_has_one_spelling(written, kept):
    assert address_of(request(peer=written)) == kept


@pytest.mark.parametrize(
    "junk",
    ["", "nonsense", "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4.5", "::g", "[::1", "1.2.3.4\0", "１.2.3.4", "3405803785", "<b>"],
)
def test_what_is_no_address_is_none(junk):
    assert address_of(request(peer=junk)) is None


# --- Browsers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (FIREFOX, "Firefox 145", "Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
            "Safari/605.1.15",
            "Safari 18",
            "macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
            "Chrome 142",
            "Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
            "Mobile/15E148 Safari/604.1",
            "Safari 18",
            "iOS",
        ),
        ("", "", ""),
        ("nothing that anybody knows", "", ""),
    ],
)
def test_browsers_are_named_as_people_name_them(agent, browser, system):
    assert browser_and_system(agent) == (browser, system)


@pytest.mark.parametrize(
    "agent", ["A" * 5_000_000, FIREFOX + "(" * 1_000_000, "Firefox/" + "9" * 1_000_000, "Mozilla/" * 500_000]
)
def test_a_gigantic_agent_is_cut_before_it_is_read(agent):
    found = client_of(request(agent=agent))
    assert len(found.browser) <= 60
    assert len(found.system) <= 60


def test_nothing_unprintable_of_an_agent_is_kept():
    found = client_of(request(agent="\x07Mozilla/5.0 (Windows NT 10.0\0; rv:145.0) Gecko/20100101\x1b Firefox/145.0\u202e\ud800"))
    assert (found.browser, found.system) == ("Firefox 145", "Windows")
    assert all(letter.isprintable() for letter in found.browser + found.system)
