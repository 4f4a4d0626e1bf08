"""The operator's file on Stripe: whether bills are paid by it, by which means, and how what is owed is charged. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from bonafide.operator_values import Section


class Stripe(Section):
    """Payment on Stripe's pages. The keys are the environment's `STRIPE_SECRET_KEY` and `STRIPE_WEBHOOK_SECRET` (or `..._FILE`).

    Test keys are for trials (`service.trial`), live ones for everybody else. At Stripe, send events to
    `<console_url>/stripe/events`.
    """

    enabled: bool = Field(default=False, description="`true` when bills are paid by Stripe, beside bank transfer.")
    account: str = Field(
        "",
        pattern=r"^(acct_[A-Za-z0-9]{1,60})?$",
        description="Your account at Stripe (`acct_...`); events of another are refused. Required once it is enabled.",
    )
    methods: tuple[Literal["card", "sepa_debit"], ...] = Field(
        ("card",), min_length=1, description="By what customers pay there: `card`, `sepa_debit`."
    )
    concurrency: int = Field(
        8, ge=1, le=32, description="How many bills are charged at the same time when many are due on a day."
    )
    retry_days: tuple[int, ...] = Field(
        (3, 7), max_length=8, description="A declined automatic payment is tried again so many days after the first time."
    )
    debit_notice_days: int = Field(
        2,
        ge=1,
        le=14,
        description="A SEPA direct debit is announced by the bill at least so many days before (the SEPA Core rulebook asks for "
        "14 unless fewer are agreed; customers agree to these when they choose it).",
    )

    @field_validator("methods", "retry_days")
    @classmethod
    def _each_once(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(value)) < len(value):
            raise ValueError("expected each once")
        return value

    @field_validator("retry_days")
    @classmethod
    def _later_each(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(day < 1 or day > 60 for day in value) or list(value) != sorted(value):
            raise ValueError("expected days from 1 to 60, each later than the one before, such as [3, 7]")
        return value

    @model_validator(mode="after")
    def _whose(self) -> Stripe:
        if self.enabled and not self.account:
            raise ValueError("account is missing: your account at Stripe (acct_...), whose events are taken")
        return self
