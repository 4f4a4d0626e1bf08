"""The operator's file on VAT: rates and sentences of their own, and what decides where the law leaves a choice. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from bonafide.operator_values import OwnRate, Rate, Section, Text, WebAddress


def _day(value: object) -> date:
    """A date of TOML, or its text."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected a date, such as 2025-08-01") from None


Day = Annotated[date, BeforeValidator(_day)]


class TaxRate(Section):
    """A VAT rate of a place from a day on; it goes before the rates that come with the product."""

    territory: str = Field(
        pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,12})?$",
        description="Whose: an ISO 3166-1 code, or a place's code such as `RE`, `PT-20` (`billing/tax/places.toml`).",
    )
    rate: Rate = Field(description='In percent, as text: `"21"`.')
    valid_from: Day = Field(description="The first day on which it holds.")
    source: Text = Field(description="Where it stands; kept with each bill that it is used for.")
    sort: str = Field(
        "standard",
        pattern=r"^[a-z][a-z0-9_-]{0,29}$",
        description="Which supplies it is for: a name that prices are given by (`tax` in the price file).",
    )
    exempt: str = Field(
        "",
        pattern=r"^(VATEX-[A-Z0-9-]{2,24})?$",
        description="Where such supplies are exempt, the code of the reason: `VATEX-EU-132-1I`; the rate is then `0`.",
    )

    @model_validator(mode="after")
    def _exempt_is_zero(self) -> TaxRate:
        if self.exempt and self.rate:
            raise ValueError(f"rate {self.rate}: expected 0 where supplies are exempt")
        return self


class OtherSales(Section):
    """Sales to consumers elsewhere in the EU that are not billed here, which count towards the threshold all the same."""

    year: int = Field(ge=2021, le=2100, description="The calendar year.")
    amount: Rate = Field(description="Before VAT, in the operator's currency: electronic services and distance sales of goods.")


class Sentence(Section):
    """Words of the operator's own for why no VAT is charged, where the law has moved or is cited otherwise."""

    of: Literal[
        "reverse_charge",
        "outside_company",
        "outside_consumer",
        "not_applied",
        "franchise",
        "small_enterprise",
        "exempt",
        "destination",
    ] = Field(description="Which case.")
    en: Text = Field(description="In English.")
    fr: Text = Field(description="In French.")


class Tax(Section):
    """VAT: which rate a bill bears, and which choices the law leaves. What is unsure in law is a setting here."""

    standard_rate: OwnRate = Field(
        "", description='The operator\'s own standard rate in percent, as text: `"20"`; empty for that of the built-in table.'
    )
    regime: Literal["standard", "franchise"] = Field(
        "standard", description="`franchise`: the operator charges no VAT at home (in France CGI art. 293 B)."
    )
    oss: Literal["below_threshold", "registered"] = Field(
        "below_threshold",
        description="Consumers elsewhere in the EU: taxed at home until the threshold of the year, or always where they are "
        "(`registered` for the one-stop shop; Directive 2006/112/EC art. 58, 59c).",
    )
    oss_threshold: Rate = Field(Decimal(10_000), description="That threshold, in the operator's currency.")
    other_eu_sales: tuple[OtherSales, ...] = Field((), description="What else counts towards it, each a table of its own.")
    evidence_threshold: Rate = Field(
        Decimal(100_000),
        description="Up to these sales a year to consumers elsewhere in the EU, one piece of evidence for where a consumer is "
        "suffices; above, two are asked for (Reg. (EU) 282/2011 art. 24b).",
    )
    unchecked_vat_numbers: Literal["consumer", "business"] = Field(
        "consumer",
        description="What a company with a VAT number that VIES has not confirmed is, where VIES is not asked at all.",
    )
    vat_number_days: int = Field(
        92, ge=1, le=366, description="VIES's word on a number is relied on for supplies up to so many days after it was given."
    )
    ip_countries: str = Field(
        "",
        max_length=400,
        description="An `.mmdb` file that names the country of IP addresses. With it, the country from which people sign in "
        "is evidence; needs the package `maxminddb`.",
    )
    vat_on_debits: bool = Field(
        default=False, description="Whether the operator chose to owe VAT at issue; printed on bills if so."
    )
    vies: bool = Field(
        default=True,
        description="Whether customers' VAT numbers are checked with VIES, the register of the EU's states. A trial asks nobody.",
    )
    vies_url: WebAddress = Field(
        "https://ec.europa.eu/taxation_customs/vies/rest-api",
        description="Where VIES answers, by https; another, on this machine also by http, for trying out.",
    )
    rates: tuple[TaxRate, ...] = Field((), description="Rates of the operator's own, each a table of its own: see below.")
    sentences: tuple[Sentence, ...] = Field((), description="Sentences of the operator's own, each a table of its own.")

    @model_validator(mode="after")
    def _vies_is_not_overheard(self) -> Tax:
        if not re.match(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]", self.vies_url + "/"):
            raise ValueError(f"vies_url {self.vies_url!r}: expected an address that begins with https")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Tax:
        for name, keys in (
            ("rates", [(rate.territory, rate.sort, rate.valid_from) for rate in self.rates]),
            ("other_eu_sales", [sales.year for sales in self.other_eu_sales]),
            ("sentences", [sentence.of for sentence in self.sentences]),
        ):
            if len(set(keys)) < len(keys):
                raise ValueError(f"{name}: expected each once only, not {', '.join(map(str, keys))}")
        return self
