"""The operator's file, typed: who runs the service, and every number that is promised to customers.

Pure: reads one TOML file, touches neither Django nor the clock. ``docs/settings.md`` is generated from the field descriptions
below (``bonafide.operator_page``), and a test keeps the two equal.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from stdnum.eu import vat
from stdnum.fr import siren

from bonafide.operator_billing import Billing, EInvoice
from bonafide.operator_books import Books
from bonafide.operator_consumers import Consumers, fault_of
from bonafide.operator_dunning import Dunning, penalty_fault
from bonafide.operator_privacy import Backup, Hosts, Processor, Retention
from bonafide.operator_stripe import Stripe
from bonafide.operator_tax import Tax
from bonafide.operator_transfers import Transfers
from bonafide.operator_values import Bic, Country, Email, Iban, Language, Section, Text, WebAddress, Zone
from bonafide.operator_webhooks import Webhook

FILE_NAME = "operator.toml"


class OperatorFileError(Exception):
    """The operator's file is missing or wrong; the text names key, value, what was expected and the remedy."""


class Identity(Section):
    """Who the operator is: printed on every bill, letter, the terms and the legal notice (LCEN art. 1-1, C. com. R123-237)."""

    legal_name: Text = Field(description="Registered name of the company.")
    trade_name: Text = Field(description="Name customers know; heads every page.")
    legal_form: Text = Field(description="Form of the company as the law wants it printed, for example `SASU`.")
    share_capital: str = Field("", max_length=60, description="Share capital with its currency, for example `10 000 EUR`.")
    registration: Text = Field(description="Registration number; in France the SIREN, whose check digit is verified.")
    trade_register: Text = Field(description="Register and city, for example `R.C.S. Paris`.")
    vat_number: str = Field("", description="VAT number with its country prefix; empty when the operator has none.")
    street: Text = Field(description="Street of the registered office.")
    postcode: Text = Field(description="Postcode of the registered office.")
    city: Text = Field(description="City of the registered office.")
    country: Country = Field(description="ISO 3166-1 code of the registered office.")
    email: Email = Field(description="Address at which customers reach the operator.")
    phone: Text = Field(description="Telephone number at which customers reach the operator.")
    publication_director: Text = Field(description="Person answerable for what is published (legal notice).")

    @model_validator(mode="after")
    def _numbers_hold(self) -> Identity:
        if self.country == "FR" and not siren.is_valid(self.registration):
            raise ValueError(f"registration {self.registration!r}: expected a SIREN of nine digits with a correct check digit")
        if self.vat_number and not vat.is_valid(self.vat_number):
            raise ValueError(
                f"vat_number {self.vat_number!r}: expected a VAT number with its country prefix, such as FR44732829320"
            )
        return self


class Hosting(Section):
    """Where the service runs (named by the terms and the legal notice)."""

    host_name: Text = Field(description="Company that runs the machines.")
    host_address: Text = Field(description="Postal address of that company.")
    host_website: WebAddress = Field(description="Its web site.")
    country: Country = Field(description="ISO 3166-1 code of the country the data is in.")
    region: Text = Field(description="Region or data centre, as the host names it.")


class Service(Section):
    """How the console presents itself."""

    console_url: WebAddress = Field(description="Public address of this console; links in letters start with it.")
    language: Language = Field("en", description="Language of people and accounts that chose none: `en` or `fr`.")
    time_zone: Zone = Field("Europe/Paris", description="Time zone whose calendar decides what a day and a month is.")
    trial: bool = Field(
        default=False, description="`true` while trying the product: pages and documents say that nothing on them is owed."
    )


class Network(Section):
    """What stands between customers and the console; who a request comes from is read accordingly."""

    proxies: int | None = Field(
        None,
        ge=0,
        le=9,
        description="How many proxies of yours a request passes, each adding to `X-Forwarded-For`; required once `console_url` "
        "is https. `0` believes no such header.",
    )
    own_hosts: Hosts = Field(
        (),
        description="Hosts of your own that the console connects to, such as your mail server; those of others are `processors`.",
    )


class Sessions(Section):
    """How long a sign-in lasts. People of the staff have limits of their own."""

    idle_minutes: int = Field(10_080, ge=10, le=129_600, description="A session without any request for so long ends.")
    absolute_hours: int = Field(720, ge=1, le=8760, description="A session ends so long after its sign-in, used or not.")
    staff_idle_minutes: int = Field(60, ge=10, le=1440, description="The same for people of the staff.")
    staff_absolute_hours: int = Field(12, ge=1, le=168, description="The same for people of the staff.")
    confirm_minutes: int = Field(
        10, ge=1, le=60, description="How long a confirmed identity is good for further changes to one's security."
    )


class Logs(Section):
    """Logs that may hold the IP addresses of requests, and how long."""

    access: Literal["full", "truncated", "off"] = Field(
        "full", description="The console's own access log: with whole addresses, with the last part cut off, or none at all."
    )
    days: int = Field(90, ge=1, le=90, description="A line of a log is deleted once it is so many days old.")
    directories: tuple[str, ...] = Field(
        (),
        description='Folders with logs of others, such as the reverse proxy: `["/var/log/nginx"]`. They are swept as well.',
    )

    @field_validator("directories")
    @classmethod
    def _absolute(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for folder in value:
            if not folder.startswith("/") or folder.rstrip("/") in ("", "/var", "/var/log", "/etc", "/home", "/usr"):
                raise ValueError("expected folders that hold the logs of one program, such as /var/log/nginx")
        return value


class Terms(Section):
    """How the terms of service change."""

    notice_days: int = Field(
        30, ge=1, le=365, description="A change that promises less is announced by letter so many days before it holds."
    )


class Provider(Section):
    """An OpenID Connect provider with which people may sign in. Its client secret is in the environment.

    Register `<console_url>/account/provider/<id>/callback/` there as the redirect address.
    """

    id: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,29}$",
        description="Short name, in addresses and in the name of the secret; never give one to another provider later.",
    )
    name: str = Field(min_length=1, max_length=40, description="What people call it, on the button.")
    issuer: WebAddress = Field(
        description="Its issuer; `<issuer>/.well-known/openid-configuration` says the rest. https, except on this machine."
    )
    client_id: str = Field(min_length=1, max_length=191, description="What it calls this console.")
    origins: tuple[WebAddress, ...] = Field(
        (), description="Further origins that its pages for signing in are at, where that is not the issuer's own."
    )
    hosts: Hosts = Field(
        (), description="Further hosts that the console itself asks there, for tokens and keys, where that is not the issuer's."
    )

    @model_validator(mode="after")
    def _safe(self) -> Provider:
        if self.id in ("cancelled", "signup"):
            raise ValueError(f"id {self.id!r}: expected another name, this one is a page of ours")
        for address in (self.issuer, *self.origins):
            if not address.startswith("https://") and not self.is_local:
                raise ValueError(f"issuer {address!r}: expected an https address")
        return self

    @property
    def is_local(self) -> bool:
        """Whether it runs on this very machine, where nothing needs to be encrypted: for trying out."""
        return self.issuer.startswith("http://") and urlsplit(self.issuer).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def origins_allowed(self) -> tuple[str, ...]:
        """Where a form of ours may lead to: the issuer's own origin, and the further ones."""
        parts = [urlsplit(address) for address in (self.issuer, *self.origins)]
        return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))

    @property
    def secret_name(self) -> str:
        """The variable of the environment that holds its client secret (or, with ``_FILE``, where that is)."""
        return f"BONAFIDE_OIDC_{self.id.upper().replace('-', '_')}_SECRET"


class SignIn(Section):
    """What is asked of who signs in."""

    password_min_length: int = Field(12, ge=8, le=64, description="Shortest password; there is no other rule of composition.")
    breached_passwords: str = Field(
        "",
        max_length=400,
        description="File of SHA-1 digests of breached passwords, one a line (Pwned Passwords, ordered by hash), looked up on "
        "this machine, besides the list of common passwords that is always there.",
    )
    providers: tuple[Provider, ...] = Field((), description="Providers to sign in with, each a table of its own: see below.")

    @field_validator("providers")
    @classmethod
    def _each_once(cls, value: tuple[Provider, ...]) -> tuple[Provider, ...]:
        ids = [provider.id for provider in value]
        if len(set(ids)) < len(ids):
            raise ValueError(f"expected an id once only, not {', '.join(ids)}")
        return value


class Bank(Section):
    """Where customers send transfers; leave the section out to print none."""

    holder: Text = Field(description="Account holder exactly as the bank knows it (verification of payee compares it).")
    iban: Iban = Field(min_length=15, description="IBAN; its check digits are verified.")
    bic: Bic = Field("", description="BIC, optional inside the SEPA area.")


class Mail(Section):
    """How letters leave; the password is the environment's `BONAFIDE_MAIL_PASSWORD` (or `..._FILE`)."""

    sender: Email = Field(description="Address letters come from.")
    delivery: Literal["smtp", "file"] = Field(
        "smtp", description="`smtp` sends; `file` writes each letter into the instance's `letters/` folder, for trying out."
    )
    host: str = Field("localhost", description="SMTP server.")
    port: int = Field(25, ge=1, le=65535, description="SMTP port.")
    security: Literal["none", "starttls", "tls"] = Field("none", description="Encryption on the way to the server.")
    user: str = Field("", description="SMTP user; empty for none.")


class Operator(Section):
    """The whole file."""

    identity: Identity
    hosting: Hosting
    service: Service
    network: Network = Network()  # type: ignore[call-arg]
    sessions: Sessions = Sessions()  # type: ignore[call-arg]
    sign_in: SignIn = SignIn()  # type: ignore[call-arg]
    logs: Logs = Logs()  # type: ignore[call-arg]
    terms: Terms = Terms()  # type: ignore[call-arg]
    retention: Retention = Retention()  # type: ignore[call-arg]
    backup: Backup = Backup()  # type: ignore[call-arg]
    billing: Billing = Billing()  # type: ignore[call-arg]
    tax: Tax = Tax()  # type: ignore[call-arg]
    books: Books = Books()  # type: ignore[call-arg]
    consumers: Consumers = Consumers()  # type: ignore[call-arg]
    einvoice: EInvoice = EInvoice()
    bank: Bank | None = None
    stripe: Stripe = Stripe()  # type: ignore[call-arg]
    transfers: Transfers = Transfers()  # type: ignore[call-arg]
    dunning: Dunning = Dunning()  # type: ignore[call-arg]
    mail: Mail
    processors: tuple[Processor, ...] = Field((), description="Who else handles customers' data, each a table of its own.")
    webhooks: tuple[Webhook, ...] = Field(
        (), description="Programs of yours that are told what happens, each a table of its own."
    )

    @field_validator("processors", "webhooks")
    @classmethod
    def _each_once(cls, value: tuple[Processor | Webhook, ...]) -> tuple[Processor | Webhook, ...]:
        ids = [one.id for one in value]
        if len(set(ids)) < len(ids):
            raise ValueError(f"expected an id once only, not {', '.join(ids)}")
        return value

    @model_validator(mode="after")
    def _promises_are_no_shorter_than_the_law(self) -> Operator:
        for floor in self.retention.floors:
            if floor.data == "addresses" and self.retention.ip_months < floor.months:
                raise ValueError(
                    f"retention.ip_months = {self.retention.ip_months}: expected at least {floor.months}, "
                    f"which retention.floors says the law asks for ({floor.basis})"
                )
        return self

    @model_validator(mode="after")
    def _proxies_declared(self) -> Operator:
        if self.service.console_url.startswith("https://") and self.network.proxies is None:
            raise ValueError(
                "network.proxies is missing: how many proxies of yours a request passes, at least the one that speaks https"
            )
        return self

    @model_validator(mode="after")
    def _home_rate_said_once(self) -> Operator:
        if self.tax.standard_rate != "" and any(rate.territory == self.identity.country for rate in self.tax.rates):
            raise ValueError(
                f"tax.standard_rate = {self.tax.standard_rate}: expected it, or tax.rates of {self.identity.country}, not both"
            )
        return self

    @model_validator(mode="after")
    def _consumers_are_told(self) -> Operator:
        if fault := fault_of(self.consumers, self.identity.country):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _bills_print_what_is_claimed(self) -> Operator:
        if fault := penalty_fault(self.dunning, self.billing.late_penalty):
            raise ValueError(fault)
        return self

    @property
    def asks_vies(self) -> bool:
        """A trial has an invented operator, and asks nobody."""
        return self.tax.vies and not self.service.trial

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.service.time_zone)


def load(path: Path) -> Operator:
    """Read and check the operator's file.

    :raises OperatorFileError: one line naming the file, the key, the value and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OperatorFileError(
            f"{path} is missing: run 'bonafide init', or set BONAFIDE_HOME to the instance's folder"
        ) from None
    except UnicodeDecodeError as error:
        raise OperatorFileError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    try:
        return parse(text)
    except OperatorFileError as error:
        raise OperatorFileError(f"{path}: {error}") from None


def parse(text: str) -> Operator:
    """The operator that a file's text describes.

    :raises OperatorFileError: naming the first key that is wrong.
    """
    try:
        return Operator.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise OperatorFileError(f"not TOML: {error}") from None
    except ValidationError as error:
        raise OperatorFileError("; ".join(_plain(problem) for problem in error.errors())) from None


def _plain(problem: Any) -> str:
    """One pydantic problem as a person would say it."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{key} is missing: see docs/settings.md for what it holds"
    if problem["type"] == "extra_forbidden":
        return f"{key} is not a setting: remove it, or see docs/settings.md for the name meant"
    expected = problem["msg"].removeprefix("Value error, ")
    if isinstance(problem["input"], dict):  # a rule over a whole section names its key itself
        return f"{key}.{expected}" if key else expected
    return f"{key} = {problem['input']!r}: {expected[0].lower()}{expected[1:]}"


def sections() -> dict[str, type[Section]]:
    """The file's sections in order, each by its name."""
    return {
        name: next(
            kind
            for kind in (field.annotation, *get_args(field.annotation))
            if isinstance(kind, type) and issubclass(kind, Section)
        )
        for name, field in Operator.model_fields.items()
        if name not in ("processors", "webhooks")
    }
