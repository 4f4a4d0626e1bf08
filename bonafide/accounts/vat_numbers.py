"""VAT numbers: what one must look like for an address, and what is known about the one that an account has."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from stdnum import exceptions
from stdnum.eu import vat

from bonafide.accounts.countries import SIREN, country_name
from bonafide.accounts.models import Account, VatCheck
from bonafide.errors import Refused
from bonafide.operator import Operator

LONGEST = 20
# With which letters VIES knows the numbers of each member state (Directive 2006/112/EC art. 215: its ISO code, but EL for
# Greece), and those of addresses outside of them whose companies have such numbers.
_OF_STATES = {code.upper(): code.upper() for code in vat.MEMBER_STATES if code not in ("gr", "xi")} | {"GR": "EL"}
_OF_OTHERS = {"MC": "FR", "AX": "FI"} | dict.fromkeys(SIREN, "FR")
PREFIXES = _OF_OTHERS | _OF_STATES
NORTHERN_IRELAND = "XI"
KNOWN_TO_VIES = frozenset(PREFIXES.values()) | {NORTHERN_IRELAND}


class WrongVatNumber(Refused):
    """The text cannot be a VAT number of that country; it says what was expected."""


def checked_number(*, text: str, country: str) -> str:
    """The number in the one spelling that is kept, with its country's letters and without spaces.

    In the EU its check digits must hold and it must be of the ``country`` (ISO 3166-1) of the address: only such a number
    decides about VAT. Elsewhere it is kept as written, at most 20 letters and digits with what stands between them.

    :raises WrongVatNumber:
    """
    written = unicodedata.normalize("NFKC", text).strip().upper()
    bare = re.sub(r"[\s.,/-]", "", written)
    prefix = PREFIXES.get(country)
    if country == "GB" and bare.startswith(NORTHERN_IRELAND):
        prefix = NORTHERN_IRELAND
    if not re.fullmatch(r"[A-Z0-9+*]+", bare, re.ASCII):
        raise WrongVatNumber(_("Write it with Latin letters and digits, as it stands on a bill of yours."))
    if prefix is None:
        if len(written) > LONGEST:
            raise WrongVatNumber(_("It is too long: at most %(count)d characters.") % {"count": LONGEST})
        return written
    return _european(bare, country, prefix)


def _european(bare: str, country: str, prefix: str) -> str:
    given = "EL" if bare.startswith("GR") else bare[:2]
    if given != prefix:
        raise WrongVatNumber(
            _("In %(country)s, where the address is, a number begins with %(prefix)s. Change one or the other.")
            % {"country": country_name(country, (get_language() or "en")[:2]), "prefix": prefix}
        )
    try:
        return str(vat.validate(given + bare[2:]))
    except exceptions.InvalidLength:
        raise WrongVatNumber(_("It is too short or too long for a VAT number that begins with %s.") % prefix) from None
    except exceptions.ValidationError:
        raise WrongVatNumber(_("Its check digits do not hold: there is a mistake in it. Compare it with your papers.")) from None


def is_known_to_vies(number: str) -> bool:
    """Whether VIES is who knows about it: a number of a member state, or of Northern Ireland."""
    return number[:2] in KNOWN_TO_VIES


def vies_is_asked(operator: Operator) -> bool:
    """Not by a trial, whose operator is invented."""
    return operator.asks_vies


def evidence(*, account: Account) -> VatCheck | None:
    """What VIES last answered about the number that the account has now, valid or not; None while it has not answered.

    How old an answer may be is for whoever relies on it to say (Reg. (EU) 282/2011 art. 18): ``asked_at`` is when it was given.
    """
    if not account.vat_number:
        return None
    answers = VatCheck.objects.filter(account=account, number=account.vat_number)
    return answers.exclude(outcome=VatCheck.Outcome.UNAVAILABLE).order_by("-pk").first()


class State(StrEnum):
    """What a page can say about an account's number."""

    NONE = "none"  # there is no number
    ELSEWHERE = "elsewhere"  # VIES does not cover its country
    OFF = "off"  # this console does not ask VIES
    WAITING = "waiting"  # VIES has not answered yet
    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True)
class Standing:
    """``answer`` is the last answer, ``tried`` a later try that got none."""

    state: State
    answer: VatCheck | None = None
    tried: VatCheck | None = None


def standing(*, account: Account, operator: Operator) -> Standing:
    """What is known about the number. An answer that was once given is shown even where VIES is no longer asked."""
    if not account.vat_number:
        return Standing(State.NONE)
    if not is_known_to_vies(account.vat_number):
        return Standing(State.ELSEWHERE)
    answer = evidence(account=account)
    last = VatCheck.objects.filter(account=account, number=account.vat_number).order_by("-pk").first()
    tried = last if last and last != answer else None
    if answer:
        return Standing(State(answer.outcome), answer, tried)
    return Standing(State.WAITING if vies_is_asked(operator) else State.OFF, None, tried)
