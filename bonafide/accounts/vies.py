"""Ask VIES, the register of the member states' VAT numbers, about one number.

Its published description is "Vies on-the-Web Endpoint" 1.0.0, https://ec.europa.eu/assets/taxud/vow-information/swagger_publicVAT.yaml:
``POST /check-vat-number`` with the number asked about and, to get a consultation number, the one of who asks. A failure comes
with status 200 as often as with 400 or 500, as ``{"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}``, or
as ``valid: false`` beside a ``userError``: a state that is too busy to answer must never be taken for a number that is not there.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bonafide.accounts.models import VatCheck
from bonafide.operator import Operator

PATH = "/check-vat-number"
SECONDS = 20.0  # for the whole exchange; member states take up to a quarter of a minute
LARGEST = 64 * 1024  # bytes; an answer has a few hundred
_CHUNK = 8192
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# What VIES says with a valid or invalid number, beside nothing at all.
_NO_ERROR = frozenset({"", "VALID", "INVALID"})
# The number is not one, whatever state is asked.
_REFUSED = "INVALID_INPUT"


class NoAnswer(Exception):
    """Nothing that can be relied on came back; the text is a short reason, for the record."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``detail`` is VIES's own date of a real answer, else why there is none."""

    outcome: VatCheck.Outcome
    consultation_number: str = ""
    name: str = ""
    address: str = ""
    detail: str = ""


def ask(*, number: str, operator: Operator, seconds: float = SECONDS) -> Answer:
    """Ask about ``number`` (letters of the state first). Whatever goes wrong on the way is an answer too: ``unavailable``.

    Nothing about the customer is sent but the number itself.
    """
    wanted = {"countryCode": number[:2], "vatNumber": number[2:]}
    requester = operator.identity.vat_number
    if requester:
        bare = "".join(requester.split()).upper()
        wanted |= {"requesterMemberStateCode": bare[:2], "requesterNumber": bare[2:]}
    try:
        status, body = post_json(base=operator.tax.vies_url, path=PATH, body=wanted, seconds=seconds)
        return _understood(status, body, wanted)
    except NoAnswer as reason:
        return Answer(VatCheck.Outcome.UNAVAILABLE, detail=str(reason)[:200])


def post_json(*, base: str, path: str, body: dict[str, str], seconds: float) -> tuple[int, bytes]:
    """Send ``body`` to ``path`` under ``base``, and to no other host: redirects are not followed, cookies and proxies not known.

    :return: status and body, at most 64 KiB, read within ``seconds`` in all.
    :raises NoAnswer:
    """
    until = time.monotonic() + seconds
    target, home = urlsplit(base + path), urlsplit(base)
    if target.netloc != home.netloc or not target.hostname or "@" in target.netloc:
        raise NoAnswer("refused: not the host of tax.vies_url")
    if target.scheme != "https" and target.hostname not in _LOOPBACK:
        raise NoAnswer("refused: tax.vies_url is not https")
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    connection = _connection(target.scheme, target.hostname, target.port, seconds)
    try:
        connection.connect()
        sock = connection.sock
        sock.settimeout(_left(until))
        connection.request("POST", target.path, json.dumps(body).encode("ascii"), headers)
        response = connection.getresponse()
        received = bytearray()
        while chunk := response.read1(_CHUNK):
            received += chunk
            if len(received) > LARGEST:
                raise NoAnswer("the answer is too large")
            sock.settimeout(_left(until))
        return response.status, bytes(received)
    except TimeoutError:
        raise NoAnswer("time-out") from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no connection: {type(error).__name__}") from None
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None, seconds: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=seconds)


def _left(until: float) -> float:
    """:raises TimeoutError: when the time is over."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _understood(status: int, body: bytes, wanted: dict[str, str]) -> Answer:
    """:raises NoAnswer: unless it says yes or no, in so many words, about the number that was asked about."""
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise NoAnswer(f"HTTP {status}" if status != http.HTTPStatus.OK else "not understood")
    error = _error(given)
    if error == _REFUSED:
        return Answer(VatCheck.Outcome.INVALID, detail=error)
    if error not in _NO_ERROR:
        raise NoAnswer(error)
    valid = given.get("valid")
    if status != http.HTTPStatus.OK or not isinstance(valid, bool):
        raise NoAnswer(f"HTTP {status}" if status != http.HTTPStatus.OK else "not understood")
    if any(_plain(given.get(key, wanted[key]), 30).replace(" ", "") != wanted[key] for key in ("countryCode", "vatNumber")):
        raise NoAnswer("about another number")
    return Answer(
        outcome=VatCheck.Outcome.VALID if valid else VatCheck.Outcome.INVALID,
        consultation_number=_plain(given.get("requestIdentifier"), 40),
        name=_plain(given.get("name"), 200) if valid else "",
        address=_lines(given.get("address")) if valid else "",
        detail=_plain(given.get("requestDate"), 40),
    )


def _error(given: dict[str, Any]) -> str:
    """The code of a failure, as VIES or one of its states names it; empty for none."""
    wrappers = given.get("errorWrappers")
    if given.get("actionSucceed") is False or wrappers:
        first = wrappers[0] if isinstance(wrappers, list) and wrappers else None
        code = first.get("error") if isinstance(first, dict) else None
        return _code(code) or "failed without a reason"
    return _code(given.get("userError"))


def _code(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text if re.fullmatch(r"[A-Z_]{0,60}", text) else "not understood"


def _plain(value: object, longest: int) -> str:
    """Text of theirs in one line, with nothing in it that does not print; states that disclose nothing send dashes."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    text = "".join(letter for letter in text if letter.isprintable())
    return "" if set(text) <= {"-"} else text[:longest]


def _lines(value: object) -> str:
    lines = (_plain(line, 200) for line in value.splitlines()[:10]) if isinstance(value, str) else ()
    return "\n".join(line for line in lines if line)
