"""The operator's file on bills that are not paid: which steps follow, after how many days, and what the law adds. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bonafide.operator_tax import Day
from bonafide.operator_values import Rate, Section, Text

# Days between the last letter and a closing: the shortest time from a suspension to a closing is a day more.
LAST_LETTER_DAYS = 2


@dataclass(frozen=True)
class Ladder:
    """The steps for one sort of customers, in days after the due date (``close``: after the suspension); 0 leaves a step out."""

    notice: int
    second: int
    formal: int
    suspend: int
    close: int
    days_to_pay: int

    def fault(self, *, consumers: bool) -> str:
        """What is wrong with it, naming the key; empty when nothing is."""
        steps = [
            ("notice_days", self.notice),
            ("second_notice_days", self.second),
            ("formal_notice_days", self.formal),
            ("suspend_days", self.suspend),
        ]
        there = [(key, days) for key, days in steps if days]
        for (before, earlier), (key, days) in pairwise(there):
            if days <= earlier:
                return f"{key} = {days}: expected more than {before} ({earlier}), or 0 to leave the step out"
        if self.close and not self.suspend:
            return f"close_days = {self.close}: expected 0 where suspend_days is 0, as a closing follows a suspension"
        if 0 < self.close <= LAST_LETTER_DAYS:
            return f"close_days = {self.close}: expected 0 or at least {LAST_LETTER_DAYS + 1}, so that a last letter comes before"
        return self._before_suspension(consumers=consumers)

    def _before_suspension(self, *, consumers: bool) -> str:
        if not self.suspend:
            return ""
        if consumers and not self.formal:
            return "formal_notice_days = 0: expected a day, because a consumer gets a formal notice before a suspension"
        last = max(self.notice, self.second, self.formal)
        if not last:
            return "notice_days = 0: expected a day, because a letter comes before a suspension"
        if self.suspend - last < self.days_to_pay:
            return (
                f"suspend_days = {self.suspend}: expected at least {last + self.days_to_pay}, which is days_to_pay "
                f"({self.days_to_pay}) after the last letter"
            )
        return ""


class OwnLadder(Section):
    """What is otherwise for these customers; what is left out is as in `[dunning]`."""

    notice_days: int | None = Field(None, ge=0, le=180, description="The first letter, so many days after the due date.")
    second_notice_days: int | None = Field(None, ge=0, le=180, description="The second letter.")
    formal_notice_days: int | None = Field(None, ge=0, le=180, description="The formal notice.")
    suspend_days: int | None = Field(None, ge=0, le=366, description="The suspension.")
    close_days: int | None = Field(None, ge=0, le=366, description="The closing, so many days after the suspension.")
    days_to_pay: int | None = Field(None, ge=2, le=90, description="At least so many days between last letter and suspension.")


class LateRate(Section):
    """Yearly rates of interest on late payment of one half year; a half year without one is claimed no interest for."""

    valid_from: Day = Field(description="The 1 January or 1 July with which the half year begins.")
    business: Rate = Field(description='What companies owe, in percent a year: `"12.15"` (ECB rate + 10 points, or as agreed).')
    consumers: Rate = Field(description="What consumers owe after a formal notice: the legal rate for individuals.")
    legal: Rate = Field(description="The legal rate between companies; `business` is at least three times as much.")
    source: Text = Field(description="Where the rates stand.")

    @field_validator("valid_from")
    @classmethod
    def _half_year(cls, value: date) -> date:
        if (value.month, value.day) not in ((1, 1), (7, 1)):
            raise ValueError("expected the first day of a half year, such as 2026-07-01")
        return value

    @model_validator(mode="after")
    def _floor(self) -> LateRate:
        if self.business < 3 * self.legal:
            raise ValueError(
                f"business = {self.business}: expected at least {3 * self.legal}, three times the legal rate (C. com. L441-10)"
            )
        return self

    @property
    def last_day(self) -> date:
        return date(self.valid_from.year, 6, 30) if self.valid_from.month == 1 else date(self.valid_from.year, 12, 31)


class Dunning(Section):
    """What happens when a bill is not paid. All that is overdue of an account is in one letter; payment undoes a suspension.

    Days count from the due date, and 0 leaves a step out. `[dunning.business]` and `[dunning.consumers]` set values of their own.
    """

    enabled: bool = Field(default=False, description="`true` once unpaid bills are followed up by these steps.")
    notice_days: int = Field(1, ge=0, le=180, description="A first, polite letter comes so many days after the due date.")
    second_notice_days: int = Field(0, ge=0, le=180, description="A second letter.")
    formal_notice_days: int = Field(
        5, ge=0, le=180, description="The formal notice (mise en demeure); consumers get one before interest and suspension."
    )
    suspend_days: int = Field(10, ge=0, le=366, description="The service is suspended so many days after the due date.")
    close_days: int = Field(
        5, ge=0, le=366, description="The account is closed so many days after its suspension, two days after a last letter."
    )
    days_to_pay: int = Field(
        5,
        ge=2,
        le=90,
        description="At least so many days are between the last letter and a suspension, of which staff read the day before.",
    )
    minimum: Rate = Field(
        Decimal("1.00"), description="Nothing happens while less than this is overdue, in the currency of the bills."
    )
    claim: Literal["no", "shown"] = Field(
        "shown",
        description="Whether letters and pages say what the law adds: interest, and for companies `billing.recovery_fee`. The "
        "console itself charges none of it.",
    )
    rates: tuple[LateRate, ...] = Field(
        (
            LateRate(
                valid_from=date(2026, 1, 1),
                business=Decimal("12.15"),
                consumers=Decimal("6.67"),
                legal=Decimal("2.62"),
                source="Legal rates of the first half of 2026; ECB 2.15 % on 1 January 2026",
            ),
        ),
        description="Rates of interest by half year, each a table of its own.",
    )
    business: OwnLadder = Field(OwnLadder(), description="What is otherwise for companies, a table of its own.")  # type: ignore[call-arg]
    consumers: OwnLadder = Field(OwnLadder(), description="What is otherwise for people, a table of its own.")  # type: ignore[call-arg]

    def ladder(self, *, consumers: bool) -> Ladder:
        """The steps for consumers, or for companies."""
        own = self.consumers if consumers else self.business
        keys = ("notice_days", "second_notice_days", "formal_notice_days", "suspend_days", "close_days", "days_to_pay")
        told = [getattr(own, key) for key in keys]
        return Ladder(*(getattr(self, key) if value is None else value for key, value in zip(keys, told, strict=True)))

    @field_validator("rates")
    @classmethod
    def _each_half_year_once(cls, value: tuple[LateRate, ...]) -> tuple[LateRate, ...]:
        days = [rate.valid_from for rate in value]
        if len(set(days)) < len(days):
            raise ValueError("expected each half year once")
        return tuple(sorted(value, key=lambda rate: rate.valid_from))

    @model_validator(mode="after")
    def _steps_hold(self) -> Dunning:
        for consumers in (False, True):
            if fault := self.ladder(consumers=consumers).fault(consumers=consumers):
                own = self.consumers if consumers else self.business
                name = "consumers." if consumers else "business."
                raise ValueError((name if own != OwnLadder() else "") + fault)  # type: ignore[call-arg]
        return self


def penalty_fault(dunning: Dunning, late_penalty: str) -> str:
    """What contradicts in what bills print and what is claimed; empty when nothing does. It names its key itself."""
    said = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*%", late_penalty.strip())
    if not dunning.enabled or dunning.claim == "no" or not said or not dunning.rates:
        return ""
    newest = dunning.rates[-1]
    if Decimal(said[1].replace(",", ".")) == newest.business:
        return ""
    return (
        f"billing.late_penalty = {late_penalty!r}: expected '{newest.business} %', the rate for companies of dunning.rates from "
        f"{newest.valid_from}, so that bills print what is claimed"
    )
