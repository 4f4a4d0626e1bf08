"""The operator's file on selling to consumers: whether it does, who mediates, and the periods that count. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from bonafide.operator_values import Section, WebAddress


class Consumers(Section):
    """Contracts that are ordered here, and selling to consumers (in France the Code de la consommation)."""

    sells_to_consumers: bool = Field(
        default=False,
        description="`true` when people order for themselves. Without it only companies and other organisations order here.",
    )
    mediator_name: str = Field(
        "",
        max_length=200,
        description="Mediator whom a consumer may turn to; required in France for who sells to consumers (C. conso. L612-1, "
        "L616-1).",
    )
    mediator_address: str = Field("", max_length=300, description="Postal address of the mediator.")
    mediator_website: WebAddress | Literal[""] = Field("", description="Web site of the mediator.")
    withdrawal_days: int = Field(
        14,
        ge=14,
        le=365,
        description="Days within which a consumer may withdraw from a contract (C. conso. L221-18: at least 14).",
    )
    notice_days: int = Field(
        0, ge=0, le=31, description="A contract that is cancelled ends so many days later at the earliest; 0 for the same day."
    )
    answer_days: int = Field(
        7, ge=1, le=30, description="Staff answer within so many days to a notice that matches no contract by itself."
    )
    holidays: Literal["FR", "FR-AM", "listed"] = Field(
        "FR",
        description="Public holidays on which no period ends: of France, of France with Alsace and Moselle, or `listed` for "
        "those of `more_holidays` alone.",
    )
    more_holidays: tuple[date, ...] = Field(
        (), description="Further public holidays, each as a date such as 2027-01-06; outside France all of them."
    )

    @field_validator("mediator_name", "mediator_address")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("expected text of one line")
        return value.strip()

    @model_validator(mode="after")
    def _mediator_whole(self) -> Consumers:
        told = {name: getattr(self, name) for name in ("mediator_name", "mediator_address", "mediator_website")}
        missing = [name for name, value in told.items() if not value]
        if 0 < len(missing) < len(told):
            raise ValueError(f"{missing[0]} is missing: name, address and web site of a mediator are told together")
        if self.holidays == "listed" and self.sells_to_consumers and not self.more_holidays:
            raise ValueError("more_holidays is missing: with holidays = 'listed' it names every public holiday")
        return self


def fault_of(consumers: Consumers, country: str) -> str:
    """What is wrong with this section for an operator in that country; empty when nothing is. It names its key itself."""
    if not consumers.sells_to_consumers:
        return ""
    if country == "FR" and not consumers.mediator_name:
        return (
            "consumers.mediator_name is missing: who sells to consumers in France names a mediator "
            "(C. conso. L612-1, L616-1), or leaves sells_to_consumers = false"
        )
    if country != "FR" and consumers.holidays != "listed":
        return f"consumers.holidays = {consumers.holidays!r}: expected 'listed', with the public holidays of {country}"
    return ""
