"""The accounts, meters and sources that a batch names, looked up in one query each per lot of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from bonafide.accounts.models import Account, Clock
from bonafide.accounts.tell_opened import tell_opened
from bonafide.pricing.models import Meter
from bonafide.usage.models import Source


class KnownAccount(NamedTuple):
    """``id`` is negative for an account that is still to be made. ``closed_us``: usage from then on is refused."""

    id: int
    closed_us: int | None


class KnownMeter(NamedTuple):
    id: int
    code: str
    scale: int
    unit: str
    group_by: str
    subject: str
    counts_events: bool


class Catalogue:
    """Names already resolved. One belongs to one batch, so that a change elsewhere is seen by the next."""

    def __init__(self, *, create_accounts: bool = False) -> None:
        self.create_accounts = create_accounts
        self.accounts: dict[str, KnownAccount | None] = {}
        self.meters: dict[str, KnownMeter | None] = {}
        self.sources: dict[str, int] = {}
        self.new_accounts: dict[str, str] = {}
        # Of the test accounts among them: what time it is for each, and when it began. Empty where there are none.
        self.clocks: dict[int, tuple[datetime, datetime]] = {}

    def learn_accounts(self, references: set[str]) -> None:
        unknown = references - self.accounts.keys()
        for some in _lots(sorted(unknown)):
            found = Account.objects.filter(reference__in=some).values_list("reference", "pk", "closed_at", "is_test")
            tests = []
            for reference, pk, closed_at, is_test in found:
                self.accounts[reference] = KnownAccount(pk, microseconds(closed_at) if closed_at else None)
                if is_test:
                    tests.append(pk)
            if tests:
                clocks = Clock.objects.filter(pk__in=tests).values_list("pk", "now_at", "account__created_at")
                self.clocks |= {pk: (now_at, began_at) for pk, now_at, began_at in clocks}
        for reference in unknown - self.accounts.keys():
            self.accounts[reference] = None

    def learn_meters(self, codes: set[str]) -> None:
        unknown = codes - self.meters.keys()
        for some in _lots(sorted(unknown)):
            for meter in Meter.objects.filter(code__in=some):
                self.meters[meter.code] = KnownMeter(
                    meter.pk,
                    meter.code,
                    meter.scale,
                    meter.unit,
                    meter.group_by,
                    meter.subject,
                    meter.aggregation in (Meter.Aggregation.COUNT, Meter.Aggregation.UNIQUE),
                )
        for code in unknown - self.meters.keys():
            self.meters[code] = None

    def learn_sources(self, names: set[str]) -> None:
        """Sources are made at first need, outside any batch's own transaction: a name without events harms nobody."""
        unknown = names - self.sources.keys()
        for some in _lots(sorted(unknown)):
            found = dict(Source.objects.filter(name__in=some).values_list("name", "pk"))
            missing = [name for name in some if name not in found]
            if missing:
                Source.objects.bulk_create([Source(name=name) for name in missing], ignore_conflicts=True)
                found |= dict(Source.objects.filter(name__in=missing).values_list("name", "pk"))
            self.sources |= found

    def promise_account(self, reference: str, name: str) -> KnownAccount:
        """A place for an account that will be made with the batch (see :meth:`make_accounts`)."""
        self.new_accounts[reference] = name or reference
        self.accounts[reference] = promised = KnownAccount(-len(self.new_accounts), None)
        return promised

    def make_accounts(self, *, now: datetime) -> dict[int, int]:
        """Make the promised accounts; yields promised id -> id. Their details are the operator's country and language."""
        operator = settings.OPERATOR
        Account.objects.bulk_create(
            [
                Account(
                    reference=reference,
                    name=name,
                    kind=Account.Kind.COMPANY,
                    country=operator.identity.country,
                    language=operator.service.language,
                    created_at=now,
                )
                for reference, name in self.new_accounts.items()
            ],
            ignore_conflicts=True,  # another import may have made it since we looked
        )
        ids: dict[str, int] = {}
        for some in _lots(list(self.new_accounts)):
            made = list(Account.objects.filter(reference__in=some).only("reference", "kind"))
            ids |= {account.reference: account.pk for account in made}
            tell_opened(accounts=made, now=now)
        return {-place: ids[reference] for place, reference in enumerate(self.new_accounts, start=1)}


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware instant, exactly."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _lots(values: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
