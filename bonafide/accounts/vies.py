"""Ask VIES, the register of the member states' VAT numbers, about one number.

Its published description is "Vies on-the-Web Endpoint" 1.0.0, https://ec.europa.eu/assets/taxud/vow-information/swagger_publicVAT.yaml:
``POST /check-vat-number`` with the number asked about and, to get a consultation number, the one of who asks. A failure comes
with status 200 as often as with 400 or 500, as ``{"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}``, or
as ``valid: false`` beside a ``userError``: a state that is too busy to answer must never be taken for a number that is not there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bonafide.accounts.models import VatCheck
from bonafide.operator import Operator
from bonafide.outgoing.web_client import Unanswered, post

PATH = "/check-vat-number"
SECONDS = 20.0  # for the whole exchange; member states take up to a quarter of a minute
LARGEST = 64 * 1024  # bytes; an answer has a few hundred
# What VIES says with a valid or invalid number, beside nothing at all.
_NO_ERROR = frozenset({"", "VALID", "INVALID"})
# The number is not one, whatever state is asked.
_REFUSED = "INVALID_INPUT"


class NoAnswer(Exception):
    """Nothing that can be relied on came back; the text is a short reason, for the record. ``sent``: whether the number left."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True)
class Answer:
    """What came back. ``detail`` is VIES's own date of a real answer, else why there is none.

    ``sent`` is False where the number did not even leave.
    """

    outcome: VatCheck.Outcome
    consultation_number: str = ""
    name: str = ""
    address: str = ""
    detail: str = ""
    sent: bool = True


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
        return Answer(VatCheck.Outcome.UNAVAILABLE, detail=str(reason)[:200], sent=reason.sent)


def post_json(*, base: str, path: str, body: dict[str, str], seconds: float) -> tuple[int, bytes]:
    """Send ``body`` to ``path`` under ``base``, and to no other host: redirects are not followed, cookies and proxies not known.

    :return: status and body, at most 64 KiB, read within ``seconds`` in all.
    :raises NoAnswer:
    """
    target, home = urlsplit(base + path), urlsplit(base)
    if target.netloc != home.netloc or not target.hostname or "@" in target.netloc:
        raise NoAnswer("refused: not the host of tax.vies_url", sent=False)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    try:
        answer = post(url=base + path, body=json.dumps(body).encode("ascii"), headers=headers, seconds=seconds, largest=LARGEST)
    except Unanswered as error:
        raise NoAnswer(str(error), sent=error.sent) from None
    return answer.status, answer.body


def _understood(status: int, body: bytes, wanted: dict[str, str]) -> Answer:
    """:raises NoAnswer: unless it says yes or no, in so many words, about the number that was asked about."""
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise NoAnswer(f"HTTP {status}" if status != HTTPStatus.OK else "not understood")
    error = _error(given)
    if error == _REFUSED:
        return Answer(VatCheck.Outcome.INVALID, detail=error)
    if error not in _NO_ERROR:
        raise NoAnswer(error)
    valid = given.get("valid")
    if status != HTTPStatus.OK or not isinstance(valid, bool):
        raise NoAnswer(f"HTTP {status}" if status != HTTPStatus.OK else "not understood")
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
