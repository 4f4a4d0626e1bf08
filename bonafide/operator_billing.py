"""The operator's file on bills: what they look like, when they are due, how a month of them goes out. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from bonafide.operator_values import Currency, Rate, Section, Text


class Billing(Section):
    """What bills look like and when they are due."""

    currency: Currency = Field("EUR", description="Currency in which the operator keeps its books and owes its tax.")
    number_prefix: str = Field(
        "", max_length=12, pattern=r"^[A-Za-z0-9+_/-]*$", description="Put before every bill number: `F` makes F2026-000001."
    )
    payment_days: int = Field(2, ge=0, le=60, description="Days from issue to the due date (C. com. L441-10: at most 60).")
    zero_bills: Literal["issue", "skip"] = Field(
        "issue", description="Whether an account whose lines come to nothing gets a bill that says so."
    )
    sign_off: Literal["required", "optional"] = Field(
        "optional",
        description="Whether a month's bills go out only as a rehearsal of theirs that somebody of the staff signed off.",
    )
    issue_day: int = Field(
        0,
        ge=0,
        le=28,
        description="Day of the month from which the console by itself rehearses the month before and issues its bills, or asks "
        "staff for a sign-off where one is required; `0`: bills go out when somebody issues them.",
    )
    letter_pdf: bool = Field(
        default=False, description="Whether the letter that announces a bill brings its PDF along; else it links to the bill."
    )
    late_penalty: Text = Field(
        "12.15 %", description="Yearly rate of the penalty for late payment between companies, as printed (C. com. L441-10)."
    )
    recovery_fee: Rate = Field(Decimal(40), description="Fixed fee for recovery between companies, in EUR (C. com. D441-5).")
    early_payment_discount: str = Field(
        "", max_length=120, description="Terms of a discount for early payment; when empty the bill says there is none."
    )
    usage_accepted_days: int = Field(
        62, ge=1, le=366, description="Usage older than this many days is refused by the API, with the reason."
    )
    usage_ahead_minutes: int = Field(
        60, ge=0, le=1440, description="Usage dated further ahead of the clock than this is refused, with the reason."
    )
    balance_order: tuple[Literal["voucher", "credit", "prepaid"], ...] = Field(
        ("voucher", "credit", "prepaid"),
        description="In which order bills use what an account has; within each, what expires soonest. Money in advance is last: "
        "it pays what is left with tax.",
    )
    balance_notice_days: int = Field(
        30, ge=1, le=365, description="A letter is written so many days before credit or money paid in advance expires."
    )

    @field_validator("balance_order")
    @classmethod
    def _each_kind_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if sorted(value) != ["credit", "prepaid", "voucher"] or value[-1] != "prepaid":
            raise ValueError("expected voucher, credit and prepaid, each once, and prepaid last")
        return value


class EInvoice(Section):
    """Bills as data (Factur-X, EN 16931), inside every PDF and beside it."""

    validated: bool = Field(
        default=False,
        description="`true` once bills go out as e-invoices (in France, SMEs must from September 2027): no document is published "
        "before it passes the schema and every rule of EN 16931 and of the French reform. Takes about 300 MB for each process "
        "that renders bills.",
    )
