"""The country from which people sign in, as evidence for where a consumer is: derived, and the addresses left where they are.

Reg. (EU) 282/2011 art. 24f(b). The list of networks is a file of the operator's; the product comes with none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.db.models import Q

from bonafide.accounts.models import Membership
from bonafide.billing.models import LocationEvidence
from bonafide.billing.note_location import note_location
from bonafide.billing.tax.places import is_place
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.sessions.models import Outcome, SignIn

DAYS = 31  # of sign-ins are looked at: one journey does not move a consumer


class NoCountries(Refused):
    """The operator's file asks for countries of addresses, and they cannot be had."""


@dataclass(frozen=True)
class Countries:
    """Says the country of an address (ISO 3166-1, empty when unknown); ``name`` is that of the list."""

    name: str
    of: Callable[[str], str]


@contextmanager
def countries_in(path: str) -> Iterator[Countries]:
    """The operator's ``.mmdb`` file.

    :raises NoCountries: without the package ``maxminddb``, or for a file that is none.
    """
    try:
        maxminddb = import_module("maxminddb")
    except ImportError:
        raise NoCountries("tax.ip_countries needs the package maxminddb: install it beside bonafide") from None
    try:
        reader = maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise NoCountries(
            f"tax.ip_countries = {path!r} cannot be read ({type(error).__name__}): expected an .mmdb file"
        ) from None
    with reader:
        about = reader.metadata()
        built = datetime.fromtimestamp(about.build_epoch, UTC).date()

        def of(address: str) -> str:
            found = reader.get(address)
            country = found.get("country") if isinstance(found, dict) else None
            return str(country.get("iso_code", "")) if isinstance(country, dict) else ""

        yield Countries(f"{about.database_type} of {built}", of)


def note_ip_countries(*, operator: Operator, countries: Countries, now: datetime) -> int:
    """Write down, for each account that may be a consumer's, the country of most of its members' sign-ins of the last month.

    :return: how many pieces of evidence were added.
    """
    seen: dict[int, Counter[str]] = defaultdict(Counter)
    known: dict[str, str] = {}
    for account_id, address in _sign_ins(operator, now):
        if address not in known:
            code = countries.of(address)
            known[address] = code if is_place(code) else ""
        if known[address]:
            seen[account_id][known[address]] += 1
    added = 0
    for account_id, counted in seen.items():
        most = min(counted, key=lambda code: (-counted[code], code))
        method = f"country of {counted[most]} of {counted.total()} sign-ins in {DAYS} days, {countries.name}"
        noted = note_location(account_id=account_id, kind=LocationEvidence.Kind.IP, place=most, method=method, now=now)
        added += noted is not None
    return added


def _sign_ins(operator: Operator, now: datetime) -> Iterator[tuple[int, str]]:
    """Account and address of each sign-in by a member, in two queries."""
    consumers = Q(account__kind="person") | ~Q(account__country=operator.identity.country)
    accounts: dict[int, list[int]] = defaultdict(list)
    for user, account in Membership.objects.filter(consumers, account__closed_at=None).values_list("user_id", "account_id"):
        accounts[user].append(account)
    lately = SignIn.objects.filter(outcome=Outcome.SIGNED_IN, at__gt=now - timedelta(days=DAYS), address__isnull=False)
    for user, address in lately.order_by("pk").values_list("user_id", "address").iterator(2000):
        for account in accounts.get(user, ()):
            yield account, str(address)
