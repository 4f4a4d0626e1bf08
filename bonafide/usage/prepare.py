"""From drafts to rows: everything that can be wrong with an event is found here, before a statement is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from bonafide.periods import day_key
from bonafide.usage.catalogue import Catalogue, KnownAccount, KnownMeter, microseconds
from bonafide.usage.drafts import Draft, Rejection, Rules
from bonafide.usage.ingest import Row
from bonafide.usage.quantities import whole_units

LONGEST_NAME = 200
LONGEST_DIMENSIONS = 8_000
REMEMBERED = 100_000
# Times before this are slips of the keyboard, whatever file they come in.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_QUARTER_US = 900_000_000

_encode = msgspec.json.Encoder(order="deterministic").encode


class _Bad(Exception):
    """Why a draft cannot become a row."""


class Preparer:
    """Turns lots of drafts into rows; keeps what it looked up from one lot to the next.

    :param zone: the operator's, whose calendar decides an event's day (unless ``rules.statement``).
    :param oldest: events before this instant are refused.
    :param ahead: events later than ``now`` plus this are refused.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        rules: Rules,
        zone: ZoneInfo,
        now: datetime,
        oldest: datetime = EARLIEST,
        ahead: timedelta = timedelta(0),
    ) -> None:
        self._catalogue, self._rules = catalogue, rules
        self._zone = ZoneInfo("UTC") if rules.statement else zone
        self._oldest, self._latest = oldest, now + ahead
        self._oldest_us, self._latest_us = microseconds(oldest), microseconds(now + ahead)
        # Usage says the same again and again: names, and the hours it is of.
        self._names: set[tuple[str, str, str]] = set()
        self._instants: dict[str, int] = {}
        self._days: dict[int, int] = {}

    def rows(self, drafts: Iterable[Draft | Rejection]) -> tuple[list[Row], list[Rejection]]:
        """The rows of one lot, and what was refused of it, each in order of position."""
        rejected = [draft for draft in drafts if type(draft) is Rejection]
        lot = [draft for draft in drafts if type(draft) is Draft]
        good = [draft for draft in lot if self._named(draft, rejected)]
        self._catalogue.learn_accounts({draft.account for draft in good})
        self._catalogue.learn_meters({draft.meter for draft in good})
        self._catalogue.learn_sources({draft.source for draft in good})
        rows: list[Row] = []
        add, make = rows.append, self._row
        for draft in good:
            try:
                add(make(draft))
            except _Bad as bad:
                rejected.append(Rejection(draft.position, str(bad), draft.raw))
        rejected.sort(key=lambda rejection: rejection.position)
        return rows, rejected

    def _named(self, draft: Draft, rejected: list[Rejection]) -> bool:
        """Whether the names by which an event is looked up can be looked up at all."""
        names = (draft.source, draft.account, draft.meter)
        if names in self._names and 0 < len(draft.id) <= LONGEST_NAME and draft.id.isprintable():
            return True  # as almost always: everything but the id was looked at before
        for field in ("id", "source", "account", "meter"):
            text = getattr(draft, field)
            if not text or len(text) > LONGEST_NAME or not text.isprintable():
                what = (
                    f"{self._rules.name(field)} {text[:60]!r}: expected "
                    if text
                    else f"{self._rules.name(field)} is missing: expected "
                )
                rejected.append(Rejection(draft.position, what + f"1 to {LONGEST_NAME} printable characters", draft.raw))
                return False
        if len(self._names) >= REMEMBERED:
            self._names.clear()
        self._names.add(names)
        return True

    def _row(self, draft: Draft) -> Row:
        meter = self._catalogue.meters[draft.meter] or self._unknown_meter(draft)
        account = self._catalogue.accounts[draft.account] or self._unknown_account(draft)
        occurred_us = self._instants.get(draft.time) or self._instant(draft.time)
        if account.closed_us is not None and occurred_us >= account.closed_us:
            raise _Bad(f"{self._rules.name('account')} {draft.account!r} was closed before this time: expected an open account")
        if draft.unit and draft.unit != meter.unit:
            raise _Bad(f"unit {draft.unit!r}: expected {meter.unit!r}, the unit of meter {meter.code}")
        dimensions = draft.dimensions
        group_key = subject = text = ""
        if dimensions:
            text = _encode(dimensions).decode()
            if len(text) > LONGEST_DIMENSIONS:
                raise _Bad(f"dimensions of {len(text)} characters: expected at most {LONGEST_DIMENSIONS}")
            if meter.group_by:
                group_key = dimensions.get(meter.group_by, "")
                _check_value(meter.group_by, group_key)
        if meter.subject:
            subject = self._subject(meter, dimensions)
        return (
            self._catalogue.sources[draft.source],
            draft.id,
            account.id,
            meter.id,
            occurred_us,
            self._days.get(occurred_us // _QUARTER_US) or self._day(occurred_us),
            group_key,
            subject,
            self._quantity(draft, meter),
            text,
            draft.position,
        )

    def _quantity(self, draft: Draft, meter: KnownMeter) -> int:
        if meter.counts_events and draft.quantity == "":
            return int(10**meter.scale)
        statement = self._rules.statement
        try:
            units = whole_units(draft.quantity, scale=meter.scale, signed=statement, rounded=statement)
        except ValueError as error:
            raise _Bad(f"{self._rules.name('quantity')} {str(draft.quantity)[:60]!r}: {error}") from None
        # An event counts as one, whatever quantity its sender put beside it.
        return int(10**meter.scale) if meter.counts_events else units

    @staticmethod
    def _subject(meter: KnownMeter, dimensions: dict[str, str]) -> str:
        subject = dimensions.get(meter.subject, "")
        if not subject:
            raise _Bad(f"dimension {meter.subject!r} is missing: meter {meter.code} needs it")
        _check_value(meter.subject, subject)
        return subject

    def _instant(self, text: str) -> int:
        try:
            if len(text) < 19 or text[4] != "-" or text[10] not in "Tt ":
                raise ValueError
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) if self._rules.statement else None
        if moment is None:
            raise _Bad(
                f"{self._rules.name('time')} {text[:60]!r}: expected RFC 3339 with its offset, such as 2024-09-18T23:00:00Z"
            )
        occurred_us = microseconds(moment)
        if occurred_us < self._oldest_us:
            raise _Bad(f"{self._rules.name('time')} {text!r} is too old: expected {self._oldest:%Y-%m-%dT%H:%M:%SZ} or later")
        if occurred_us > self._latest_us:
            raise _Bad(
                f"{self._rules.name('time')} {text!r} is in the future: expected {self._latest:%Y-%m-%dT%H:%M:%SZ} or earlier"
            )
        if len(self._instants) >= REMEMBERED:
            self._instants.clear()
        self._instants[text] = occurred_us
        return occurred_us

    def _day(self, occurred_us: int) -> int:
        """YYYYMMDD on the calendar in force. Every zone is off UTC by whole quarters of an hour since long before EARLIEST."""
        quarter = occurred_us // _QUARTER_US
        moment = datetime.fromtimestamp(quarter * 900, tz=self._zone)
        if len(self._days) >= REMEMBERED:
            self._days.clear()
        self._days[quarter] = day = day_key(moment.date())
        return day

    def _unknown_meter(self, draft: Draft) -> KnownMeter:
        raise _Bad(
            f"{self._rules.name('meter')} {draft.meter!r} is unknown: expected the code of a meter "
            "('bonafide prices import' brings meters in)"
        )

    def _unknown_account(self, draft: Draft) -> KnownAccount:
        if not self._catalogue.create_accounts:
            raise _Bad(f"{self._rules.name('account')} {draft.account!r} is unknown: expected the reference of an account")
        return self._catalogue.promise_account(draft.account, draft.account_name[:LONGEST_NAME])


def _check_value(dimension: str, value: str) -> None:
    """Values that totals are kept by must fit their column on both databases."""
    if len(value) > LONGEST_NAME or "\0" in value:
        raise _Bad(f"dimension {dimension!r} {value[:60]!r}: expected at most {LONGEST_NAME} characters and no NUL")
