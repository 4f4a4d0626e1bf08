"""From drafts to rows: everything that can be wrong with an event is found here, before a statement is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bonafide.periods import day_key
from bonafide.usage.catalogue import Catalogue, KnownAccount, KnownMeter, microseconds
from bonafide.usage.drafts import Draft, Rejection, Rules, dimensions_text
from bonafide.usage.ingest import Row
from bonafide.usage.quantities import whole_units

LONGEST_NAME = 200
LONGEST_DIMENSIONS = 8_000
REMEMBERED = 100_000
# Times before this are slips of the keyboard, whatever file they come in.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_QUARTER_US = 900_000_000

_NAMES = ("source", "account", "meter")


class _Bad(Exception):
    """Why a draft cannot become a row."""


class _Place(NamedTuple):
    """Where events of one source, account and meter go. Without ``account`` it is to be made with the first good event."""

    source_id: int
    account: KnownAccount | None
    meter: KnownMeter


class Preparer:
    """Turns lots of drafts into rows; keeps what it looked up from one lot to the next.

    :param zone: the operator's, whose calendar decides an event's day (unless ``rules.statement``).
    :param oldest: events before this instant are refused.
    :param ahead: events later than ``now`` plus this are refused.

    For a test account its own clock is ``now``, and what is from before it began is too old.
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
        self._oldest, self._latest, self._now = oldest, now + ahead, now
        self._clocks = catalogue.clocks  # filled while names are learnt
        # Usage says the same again and again: names (or what is wrong with them), hours, quantities.
        self._places: dict[tuple[str, str, str], _Place | str] = {}
        self._moments: dict[str, tuple[int, int]] = {}
        self._days: dict[int, int] = {}
        self._quantities: dict[tuple[int, str | int], int] = {}

    def rows(self, drafts: Iterable[Draft | Rejection]) -> tuple[list[Row], list[Rejection]]:
        """The rows of one lot, and what was refused of it, each in order of position."""
        rejected = [draft for draft in drafts if type(draft) is Rejection]
        lot = [draft for draft in drafts if type(draft) is Draft]
        self._learn({(draft.source, draft.account, draft.meter) for draft in lot})
        rows: list[Row] = []
        add, make = rows.append, self._row
        for draft in lot:
            try:
                add(make(draft))
            except _Bad as bad:
                rejected.append(Rejection(draft.position, str(bad), draft.raw))
        rejected.sort(key=lambda rejection: rejection.position)
        return rows, rejected

    def _learn(self, names: set[tuple[str, str, str]]) -> None:
        """Look up the names of a lot, in a few queries."""
        if len(self._places) >= REMEMBERED:
            self._places.clear()
        new = names - self._places.keys()
        good = []
        for key in new:
            wrong = [self._unprintable(field, text) for field, text in zip(_NAMES, key, strict=True) if not _printable(text)]
            if wrong:
                self._places[key] = wrong[0]
            else:
                good.append(key)
        catalogue = self._catalogue
        catalogue.learn_accounts({account for _source, account, _meter in good})
        catalogue.learn_meters({meter for _source, _account, meter in good})
        known = [key for key in good if catalogue.meters[key[2]] and (catalogue.accounts[key[1]] or catalogue.create_accounts)]
        catalogue.learn_sources({source for source, _account, _meter in known})
        for source, account, code in good:
            meter = catalogue.meters[code]
            if meter is None:
                self._places[(source, account, code)] = self._unknown_meter(code)
            elif catalogue.accounts[account] is None and not catalogue.create_accounts:
                self._places[(source, account, code)] = self._unknown_account(account)
            else:
                self._places[(source, account, code)] = _Place(catalogue.sources[source], catalogue.accounts[account], meter)

    def _row(self, draft: Draft) -> Row:
        place = self._places[(draft.source, draft.account, draft.meter)]
        if isinstance(place, str):
            raise _Bad(place)
        source_id, account, meter = place
        ident = draft.id
        if not (0 < len(ident) <= LONGEST_NAME and ident.isprintable()):
            raise _Bad(self._unprintable("id", ident))
        simulated = self._clocks and self._simulated_moment(draft.time, account)
        occurred_us, day = simulated or self._moments.get(draft.time) or self._real_moment(draft.time)
        if draft.unit and draft.unit != meter.unit:
            raise _Bad(f"unit {draft.unit!r}: expected {meter.unit!r}, the unit of meter {meter.code}")
        dimensions = draft.dimensions
        group_key = subject = text = ""
        if dimensions:
            text = draft.dimensions_text or dimensions_text(dimensions)
            if len(text) > LONGEST_DIMENSIONS:
                raise _Bad(f"dimensions of {len(text)} characters: expected at most {LONGEST_DIMENSIONS}")
            if meter.group_by:
                group_key = dimensions.get(meter.group_by, "")
                _check_value(meter.group_by, group_key)
        if meter.subject:
            subject = self._subject(meter, dimensions)
        known = self._quantities.get((meter.id, draft.quantity))
        quantity = self._quantity(draft, meter) if known is None else known
        if account is None:  # made only now, when nothing of the row is wrong
            account = self._catalogue.accounts[draft.account] or self._promise(draft)
        if account.closed_us is not None and occurred_us >= account.closed_us:
            raise _Bad(f"{self._rules.name('account')} {draft.account!r} was closed before this time: expected an open account")
        position = draft.position
        return (source_id, ident, account.id, meter.id, occurred_us, day, group_key, subject, quantity, text, position)

    def _quantity(self, draft: Draft, meter: KnownMeter) -> int:
        statement = self._rules.statement
        units = 0
        if draft.quantity != "" or not meter.counts_events:
            try:
                units = whole_units(draft.quantity, scale=meter.scale, signed=statement, rounded=statement)
            except ValueError as error:
                raise _Bad(f"{self._rules.name('quantity')} {str(draft.quantity)[:60]!r}: {error}") from None
        if meter.counts_events:  # each as one, whatever quantity its sender put beside it
            units = 10**meter.scale
        if len(self._quantities) >= REMEMBERED:
            self._quantities.clear()
        self._quantities[(meter.id, draft.quantity)] = units
        return units

    @staticmethod
    def _subject(meter: KnownMeter, dimensions: dict[str, str]) -> str:
        subject = dimensions.get(meter.subject, "")
        if not subject:
            raise _Bad(f"dimension {meter.subject!r} is missing: meter {meter.code} needs it")
        _check_value(meter.subject, subject)
        return subject

    def _simulated_moment(self, text: str, account: KnownAccount | None) -> tuple[int, int] | None:
        """What :meth:`_moment` says by the clock of a test account; None for a real one."""
        if account is None or account.id not in self._clocks:
            return None
        now_at, began_at = self._clocks[account.id]
        oldest = EARLIEST if self._oldest == EARLIEST else now_at - (self._now - self._oldest)
        return self._moment(text, max(oldest, began_at), now_at + (self._latest - self._now))

    def _real_moment(self, text: str) -> tuple[int, int]:
        """What :meth:`_moment` says by the real time, remembered."""
        found = self._moment(text, self._oldest, self._latest)
        if len(self._moments) >= REMEMBERED:
            self._moments.clear()
        self._moments[text] = found
        return found

    def _moment(self, text: str, oldest: datetime, latest: datetime) -> tuple[int, int]:
        """Microseconds since 1970 UTC, and the day on the calendar in force."""
        try:
            if len(text) < 19 or text[4] != "-" or text[10] not in "Tt ":
                raise ValueError
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) if self._rules.statement else None
        name = self._rules.name("time")
        if moment is None:
            raise _Bad(f"{name} {text[:60]!r}: expected RFC 3339 with its offset, such as 2024-09-18T23:00:00Z")
        if moment < oldest:
            raise _Bad(f"{name} {text!r} is too old: expected {oldest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} or later")
        if moment > latest:
            raise _Bad(f"{name} {text!r} is in the future: expected {latest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} or earlier")
        occurred_us = microseconds(moment)
        return occurred_us, self._days.get(occurred_us // _QUARTER_US) or self._day(occurred_us)

    def _day(self, occurred_us: int) -> int:
        """YYYYMMDD on the calendar in force. Every zone is off UTC by whole quarters of an hour since long before EARLIEST."""
        quarter = occurred_us // _QUARTER_US
        moment = datetime.fromtimestamp(quarter * 900, tz=self._zone)
        if len(self._days) >= REMEMBERED:
            self._days.clear()
        self._days[quarter] = day = day_key(moment.date())
        return day

    def _unprintable(self, field: str, text: str) -> str:
        what = f"{self._rules.name(field)} {text[:60]!r}" if text else f"{self._rules.name(field)} is missing"
        return f"{what}: expected 1 to {LONGEST_NAME} printable characters"

    def _unknown_meter(self, code: str) -> str:
        return (
            f"{self._rules.name('meter')} {code!r} is unknown: expected the code of a meter "
            "('bonafide prices import' brings meters in)"
        )

    def _unknown_account(self, reference: str) -> str:
        return f"{self._rules.name('account')} {reference!r} is unknown: expected the reference of an account"

    def _promise(self, draft: Draft) -> KnownAccount:
        return self._catalogue.promise_account(draft.account, draft.account_name[:LONGEST_NAME])


def _printable(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def _check_value(dimension: str, value: str) -> None:
    """Values that totals are kept by must fit their column on both databases."""
    if len(value) > LONGEST_NAME or "\0" in value:
        raise _Bad(f"dimension {dimension!r} {value[:60]!r}: expected at most {LONGEST_NAME} characters and no NUL")
