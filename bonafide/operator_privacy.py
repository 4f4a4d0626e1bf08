"""The operator's file on personal data: how long it is kept, what the law asks to keep, and who else handles it. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from bonafide.operator_values import Country, Section, Text, WebAddress


class Floor(Section):
    """How long the law asks to keep something. A floor is a hold with a basis: it is counted, dated, and ends by itself."""

    data: Literal["identity", "sign_up", "payment", "bills", "addresses"] = Field(
        description="What is kept: `identity` (names, addresses), `sign_up` (the login), `payment`, `bills`, `addresses` (IP)."
    )
    months: int = Field(ge=1, le=240, description="For so many calendar months; it goes on the anniversary.")
    after: Literal["end", "event"] = Field(
        description="From when: `end` of the contract, or the `event` itself (the issue of a bill, the moment of a sign-in)."
    )
    basis: Text = Field(description="The law, as it is shown.")


# Facts of a French operator; the decree is that on data of hosts of content (LCEN art. 6).
FLOORS = (
    Floor(data="identity", months=60, after="end", basis="décret n° 2021-1362, art. 2"),
    Floor(data="sign_up", months=12, after="end", basis="décret n° 2021-1362, art. 3"),
    Floor(data="payment", months=12, after="end", basis="décret n° 2021-1362, art. 4"),
    Floor(data="bills", months=120, after="event", basis="Code de commerce, art. L123-22"),
)


class Retention(Section):
    """How long what the law does not ask to keep is kept, and what it does ask for."""

    ip_months: int = Field(12, ge=1, le=12, description="IP addresses of people are erased once they are so many months old.")
    history_months: int = Field(
        12, ge=1, le=36, description="Ended sessions, sign-ins and known browsers are deleted once they are so many months old."
    )
    changes_months: int = Field(
        36, ge=1, le=120, description="Who changed what in an account is deleted once it is so many months old."
    )
    looks_months: int = Field(
        36,
        ge=12,
        le=120,
        description="What staff looked at and why is emptied once it is so many months old; that they did stays.",
    )
    passed_on_months: int = Field(
        36, ge=12, le=120, description="The record of what was passed on to whom is deleted once it is so many months old."
    )
    letters_days: int = Field(
        90, ge=1, le=366, description="What is known of a letter that was sent is deleted after so many days."
    )
    invitations_days: int = Field(
        90, ge=1, le=366, description="Invitations and changes of address that ended are deleted after so many days."
    )
    usage_months: int = Field(
        36, ge=13, le=120, description="Single usage events are deleted once they are so many months old; bills stay."
    )
    unconfirmed_days: int = Field(
        30,
        ge=1,
        le=366,
        description="A sign-up that nobody confirms is erased after so many days, with the account it opened if that is empty.",
    )
    erasure_pause_days: int = Field(
        7,
        ge=0,
        le=21,
        description="A login that its person wants erased waits so many days; signing in meanwhile withdraws it.",
    )
    floors: tuple[Floor, ...] = Field(FLOORS, description="What the law asks to keep, each a table of its own: see below.")


class Backup(Section):
    """What a restored backup has to be brought up to date with."""

    journal: str = Field(
        "",
        max_length=400,
        description="File of a second journal of erasures, on another disk or machine than the instance's folder: after the loss "
        "of the folder, a backup is served again only once it was replayed. Machines over one PostgreSQL may share it.",
    )

    @field_validator("journal")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("expected a whole path, such as /mnt/safe/erasures.jsonl")
        return value


def host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", host):
            raise ValueError(f"expected names of hosts in lower case, such as smtp.example.com, not {host!r}")
    return value


Hosts = Annotated[tuple[str, ...], AfterValidator(host_names)]


class Processor(Section):
    """Somebody else who handles customers' data for the operator, or is given some. Whoever is not here is not connected to."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,29}$", description="Short name, for links; never give one to another later.")
    name: str = Field(min_length=1, max_length=120, description="The company.")
    purpose_en: str = Field(min_length=1, max_length=300, description="What for, in English.")
    purpose_fr: str = Field(min_length=1, max_length=300, description="What for, in French.")
    data_en: str = Field(min_length=1, max_length=300, description="Which data, in English.")
    data_fr: str = Field(min_length=1, max_length=300, description="Which data, in French.")
    country: Country = Field(description="ISO 3166-1 code of the country in which the data is handled.")
    safeguard: str = Field(
        "", max_length=200, description="Outside the EU: what protects it there (GDPR art. 46), as it is shown."
    )
    contract: str = Field(
        min_length=1, max_length=200, description="The contract that binds them (GDPR art. 28), as it is shown."
    )
    link: WebAddress = Field(description="Where they say how they handle data.")
    hosts: Hosts = Field((), description="Hosts of theirs that the console connects to, by name.")
