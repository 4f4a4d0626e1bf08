"""The events behind a bill's lines, one after the other: memory does not grow with them, and their order is always the same."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from django.db.models import F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from bonafide.billing.explain.replay import Explained
from bonafide.billing.models import Invoice
from bonafide.money import text, unscaled
from bonafide.periods import Month, day_from_key, months_before
from bonafide.pricing.models import Meter
from bonafide.usage.catalogue import microseconds
from bonafide.usage.models import Event, State, Total

COLUMNS = ("lines", "meter", "group", "subject", "day", "bill", "time", "quantity", "source", "id", "dimensions")
ROWS_AT_ONCE = 1000
# A day on whichever calendar lies within so much of the same day in UTC.
_MARGIN = timedelta(days=2)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC; a row writes the Z itself, which is twice as fast

# meter_id, group_key, subject, day, bill_month, occurred_us, quantity, source, event_id, dimensions
_Row = tuple[int, str, str, int, int, int, int, str, str, str]
_FIELDS = (
    "meter_id", "group_key", "subject", "day", "bill_month", "occurred_us", "quantity", "source__name", "event_id", "dimensions",
)  # fmt: skip


def events_gone(*, invoice: Invoice, now: datetime, months: int, zone: ZoneInfo) -> bool:
    """Whether the sweep may have deleted events of this bill already.

    :param months: ``retention.usage_months``.
    """
    first = _totals(invoice).aggregate(first=Min("day"))["first"]
    return first is not None and day_from_key(first) <= months_before(now, months, zone).date()


def usage_csv(*, invoice: Invoice, explained: Sequence[Explained], zone: ZoneInfo) -> Iterator[bytes]:
    """The file in pieces: UTF-8, a comma between cells, CR LF after each row (RFC 4180); the same bytes every time.

    A row for each event that is on this bill. For late usage there are also the events of its month that were on bills before
    ("bill" says which), as the line is the difference between the two. For hours, what ran already when the month began comes
    first, without source and id. Rows are in the order in which they came in. Quantities are exact decimal text, "day" is on the
    calendar that its usage was taken in by, and "lines" are the positions of the lines that a row can count in.
    """
    rows = usage_rows(invoice=invoice, explained=explained, zone=zone)
    page = io.StringIO()
    write = csv.writer(page).writerow
    write(COLUMNS)
    for number, row in enumerate(rows, start=1):
        write(row)
        if number % ROWS_AT_ONCE == 0:
            yield page.getvalue().encode()
            page.seek(0)
            page.truncate()
    yield page.getvalue().encode()


def usage_rows(*, invoice: Invoice, explained: Sequence[Explained], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """The cells of each row of :func:`usage_csv`, in the order of :data:`COLUMNS`."""
    meters = {meter.pk: meter for meter in Meter.objects.all()}
    positions = _Positions(explained, meters)
    hours = _hours_from(explained, meters, Month.from_key(invoice.month))
    carried = _carried(invoice, {pk: microseconds(month.start(zone)) for pk, month in hours.items()})
    for row in chain(carried, _events(invoice, explained, hours, zone)):
        meter_id, group, subject, day, bill_month, occurred_us, quantity, source, event_id, dimensions = row
        meter = meters[meter_id]
        yield (
            positions.of(meter_id, group, day),
            meter.code,
            group,
            subject,
            _day(day),
            _month(bill_month),
            (_EPOCH + timedelta(microseconds=occurred_us)).isoformat(timespec="microseconds") + "Z",
            _exact(quantity, meter.scale),
            source,
            event_id,
            dimensions,
        )


@lru_cache(maxsize=1024)
def _day(key: int) -> str:
    return day_from_key(key).isoformat()


@lru_cache(maxsize=1024)
def _month(key: int) -> str:
    return str(Month.from_key(key))


@lru_cache(maxsize=4096)
def _exact(quantity: int, scale: int) -> str:
    return text(unscaled(quantity, scale))


class _Positions:
    """Which lines a row counts in; the answers are few, so each is put together once."""

    def __init__(self, explained: Sequence[Explained], meters: dict[int, Meter]) -> None:
        self.by_meter: dict[int, list[Explained]] = defaultdict(list)
        self.meters = meters
        for one in explained:
            if one.meter_id is not None:
                self.by_meter[one.meter_id].append(one)
        self._known: dict[tuple[int, str, int], str] = {}

    def of(self, meter_id: int, group: str, day: int) -> str:
        key = (meter_id, group, day)
        if key not in self._known:
            # A resource that began to run goes on to: its hours are also those of later days and months.
            lasts = self.meters[meter_id].aggregation == Meter.Aggregation.HOURS
            self._known[key] = " ".join(
                str(position)
                for one in self.by_meter[meter_id]
                if one.group in (None, group) and (lasts or one.days[0] <= day) and day < one.days[1]
                for position in one.positions
            )
        return self._known[key]


def _hours_from(explained: Iterable[Explained], meters: dict[int, Meter], month: Month) -> dict[int, Month]:
    """By meter that counts hours, the first month that the bill has of it."""
    first = {pk: month for pk, meter in meters.items() if meter.aggregation == Meter.Aggregation.HOURS}
    for one in explained:
        if one.meter_id in first:
            first[one.meter_id] = min(first[one.meter_id], one.month)
    return first


def _carried(invoice: Invoice, starts_us: dict[int, int]) -> Iterator[_Row]:
    """What ran when the month began, as it was known before this bill."""
    before = Q(pk__in=[])
    for meter_id, start_us in starts_us.items():
        before |= Q(meter_id=meter_id, occurred_us__lt=start_us)
    states = State.objects.filter(before, account_id=invoice.account_id, bill_month__lt=invoice.month)
    place = Window(
        RowNumber(),
        partition_by=[F("meter_id"), F("subject")],
        order_by=[F("occurred_us").desc(), F("quantity").desc(), F("group_key").desc()],
    )
    last = states.annotate(place=place).filter(place=1).order_by("pk")
    for *row, quantity in last.values_list(
        "meter_id", "group_key", "subject", "day", "bill_month", "occurred_us", "quantity"
    ).iterator(chunk_size=ROWS_AT_ONCE):
        if quantity:
            yield (*row, quantity, "", "", "")  # type: ignore[misc]


def _events(invoice: Invoice, explained: Sequence[Explained], hours: dict[int, Month], zone: ZoneInfo) -> Iterator[_Row]:
    """Events by their place in the table: what no index gives by account is read in the order in which it lies."""
    month = Month.from_key(invoice.month)
    late = {(one.meter_id, one.month) for one in explained if one.charge.late and one.meter_id not in hours}
    wanted = Q(bill_month=invoice.month)
    for meter_id, of in late:
        wanted |= Q(meter_id=meter_id, day__range=(of.key * 100, of.key * 100 + 99), bill_month__lt=invoice.month)
    for meter_id, since in hours.items():
        wanted |= Q(meter_id=meter_id, occurred_us__gte=microseconds(since.start(zone)), bill_month__lt=invoice.month)
    earliest = _totals(invoice).aggregate(first=Min("day"))["first"]
    months = [month.first_day, *(of.first_day for _meter, of in late), *(since.first_day for since in hours.values())]
    first = min([*months, day_from_key(earliest)] if earliest else months) - _MARGIN
    # On PostgreSQL the index by age (BRIN) leaves out what lies outside.
    within = Q(occurred_us__range=(_midnight_us(first), _midnight_us(month.last_day + _MARGIN)))
    found = Event.objects.filter(wanted, within, account_id=invoice.account_id).order_by("pk").values_list(*_FIELDS)
    yield from found.iterator(chunk_size=ROWS_AT_ONCE)


def _midnight_us(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _totals(invoice: Invoice) -> QuerySet[Total]:
    return Total.objects.filter(account_id=invoice.account_id, bill_month=invoice.month)
