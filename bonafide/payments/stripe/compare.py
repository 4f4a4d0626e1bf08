"""Each movement at Stripe against what is booked, and the sums against the ledger: every cent that differs is one row."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q, Sum

from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.post import AT_PROVIDER
from bonafide.money import from_minor
from bonafide.operator import Operator
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.stripe.models import Attempt, AttemptState, Difference, Movement
from bonafide.payments.stripe.note_movements import FEES, PAYOUTS
from bonafide.payments.stripe.tell import tell_of_difference

# What moved longer ago and agreed stays so; the sums count all of it.
LOOKED_BACK = timedelta(days=35)
# How long money that is booked may wait for its movement at Stripe.
WAITS = timedelta(hours=24)
_OWN = PAYOUTS | FEES
_CHUNK = 500


class Differs(NamedTuple):
    """``minor`` is by how much Stripe has more."""

    currency: str
    minor: int
    said: str


def compare(*, operator: Operator, now: datetime) -> list[Difference]:
    """Write down what differs now, tell the staff of what is new, and end what agrees again; what is left, all of it.

    Money that is on its way on either side is no difference: a debit that the bank has not carried out, and a payment whose
    movement Stripe has not written yet, for a day.
    """
    wanted, coming = _by_source(now)
    found = {about: one for about, one in wanted.items() if one.minor}
    for currency, minor in _sums(operator, coming, found).items():
        if minor:
            found[currency] = Differs(currency, minor, _said("the sum of all movements", currency, minor))
    for about, one in found.items():
        _write(about, one, operator, now)
    Difference.objects.filter(gone_at=None).exclude(about__in=list(found)).update(gone_at=now)
    return open_differences()


def open_differences() -> list[Difference]:
    return list(Difference.objects.filter(gone_at=None).order_by("pk"))


def _by_source(now: datetime) -> tuple[dict[str, Differs], dict[str, int]]:
    """By thing at Stripe what differs; by currency what is booked and not yet there, less what is there and not yet booked."""
    still = list(Difference.objects.filter(gone_at=None).values_list("about", flat=True))
    recent = Movement.objects.filter(Q(moved_at__gte=now - LOOKED_BACK) | Q(source__in=still))
    sources = set(recent.exclude(kind__in=_OWN).exclude(source="").values_list("source", flat=True))
    sources |= {*_booked_lately(now), *still}
    young = set(_booked_lately(now, since=now - WAITS))
    found, coming = dict[str, Differs](), defaultdict[str, int](int)
    for chunk in _chunks(sorted(sources)):
        there, booked = _there(chunk), _booked(chunk)
        on_its_way = set(
            Attempt.objects.filter(charge_id__in=chunk, state=AttemptState.PROCESSING).values_list("charge_id", flat=True)
        )
        for source in chunk:
            for currency in sorted({name for name, _ in (*there.get(source, {}).items(), *booked.get(source, {}).items())}):
                has, ours = there.get(source, {}).get(currency, 0), booked.get(source, {}).get(currency, 0)
                if source in on_its_way or (source not in there and source in young):
                    coming[currency] += ours - has
                elif has != ours:
                    about = source if source not in found else f"{source} {currency}"
                    what = source if ours else f"{source}, of which we know nothing"
                    found[about] = Differs(currency, has - ours, _said(what, currency, has - ours))
    return found, coming


def _booked_lately(now: datetime, *, since: datetime | None = None) -> list[str]:
    """Things at Stripe of which money was booked lately."""
    after = since or now - LOOKED_BACK
    came = Attempt.objects.filter(receipt__taken_at__gte=after, charge_id__isnull=False).values_list("charge_id", flat=True)
    back = Returned.objects.filter(taken_at__gte=after, receipt__attempt__isnull=False).values_list("reference", flat=True)
    again = Receipt.objects.filter(taken_at__gte=after, means__in=AT_PROVIDER, reference__contains=" ")
    return [*filter(None, came), *back, *(name.partition(" ")[0] for name in again.values_list("reference", flat=True))]


def _there(sources: list[str]) -> dict[str, dict[str, int]]:
    rows = Movement.objects.filter(source__in=sources).exclude(kind__in=_OWN).order_by()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for source, currency, minor in rows.values_list("source", "currency").annotate(sum=Sum("amount_minor")):
        found[source][currency] = minor
    return found


def _booked(sources: list[str]) -> dict[str, dict[str, int]]:
    """Receipts by their charge, returns by their own id, and what came back after all (``re_1 failed``, ``dp_1 won``)."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    came = Attempt.objects.filter(charge_id__in=sources, receipt__isnull=False)
    for source, currency, minor in came.values_list("charge_id", "receipt__currency", "receipt__amount_minor"):
        found[str(source)][currency] += minor
    gone = Returned.objects.filter(reference__in=sources, receipt__attempt__isnull=False)
    for source, currency, minor in gone.values_list("reference", "receipt__currency", "amount_minor"):
        found[source][currency] -= minor
    names = [f"{source} {word}" for source in sources for word in ("failed", "won")]
    again = Receipt.objects.filter(reference__in=names, means__in=AT_PROVIDER)
    for name, currency, minor in again.values_list("reference", "currency", "amount_minor"):
        found[name.partition(" ")[0]][currency] += minor
    return found


def _sums(operator: Operator, coming: dict[str, int], found: dict[str, Differs]) -> dict[str, int]:
    """By currency what Stripe has more than the ledger says is there, beyond what single things explain."""
    more: dict[str, int] = defaultdict(int)
    rows = Movement.objects.order_by().values_list("currency").annotate(sum=Sum(F("amount_minor") - F("fee_minor")))
    for currency, minor in rows:
        more[currency] += minor
    clearing = operator.books.clearing
    for side, sign in (("debit", -1), ("credit", 1)):
        posted = Posting.objects.filter(**{side: clearing}).order_by().values_list("currency").annotate(sum=Sum("amount_minor"))
        for currency, minor in posted:
            more[currency] += sign * minor
    for currency, minor in coming.items():
        more[currency] += minor
    for one in found.values():
        more[one.currency] -= one.minor
    return more


def _write(about: str, one: Differs, operator: Operator, now: datetime) -> None:
    values = {"currency": one.currency, "amount_minor": one.minor, "said": one.said[:300], "seen_at": now}
    with transaction.atomic():
        row = Difference.objects.select_for_update().filter(about=about).first()
        if row is None:
            row = Difference(about=about, found_at=now)
        elif row.gone_at is not None:
            row.found_at, row.gone_at, row.told_at = now, None, None
        for name, value in values.items():
            setattr(row, name, value)
        told, row.told_at = row.told_at, row.told_at or now
        row.save()
        if told is None:
            tell_of_difference(difference=row, operator=operator, now=now)


def _said(what: str, currency: str, minor: int) -> str:
    more = "more" if minor > 0 else "less"
    return f"{what}: Stripe has {from_minor(abs(minor), currency)} {currency} {more} than our books"


def _chunks(names: list[str]) -> list[list[str]]:
    return [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]
