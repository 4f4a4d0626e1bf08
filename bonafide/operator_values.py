"""The kinds of values in the operator's file, each refused with what was expected. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from stdnum import bic, iban

from bonafide.money import is_currency


def _exact_decimal(value: object) -> Decimal:
    """A rate is text or an integer; a TOML float has already lost digits."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('expected a decimal number in quotes, such as "20" or "8.5"')
    if isinstance(value, str) and not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", value):
        raise ValueError('expected a decimal number in quotes, such as "20" or "8.5"')
    return Decimal(value)


def _country(value: str) -> str:
    from babel import Locale

    if value not in Locale("en").territories or not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("expected an ISO 3166-1 country code in capitals, such as FR")
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("expected an ISO 4217 currency code, such as EUR")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("expected an IANA time zone, such as Europe/Paris")
    return value


def _iban(value: str) -> str:
    if value and not iban.is_valid(value):
        raise ValueError("expected an IBAN with correct check digits")
    return str(iban.compact(value))


def _bic(value: str) -> str:
    if value and not bic.is_valid(value):
        raise ValueError("expected a BIC of 8 or 11 characters")
    return str(bic.compact(value))


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError("expected a web address such as https://console.example.com")
    return value.rstrip("/")


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise ValueError("expected an e-mail address")
    return value


Text = Annotated[str, Field(min_length=1, max_length=200)]
Rate = Annotated[Decimal, BeforeValidator(_exact_decimal)]
# Empty for the one that comes with the product.
OwnRate = Annotated[Decimal | Literal[""], PlainValidator(lambda value: "" if value == "" else _exact_decimal(value))]
Country = Annotated[str, AfterValidator(_country)]
Currency = Annotated[str, AfterValidator(_currency)]
Zone = Annotated[str, AfterValidator(_zone)]
Iban = Annotated[str, AfterValidator(_iban)]
Bic = Annotated[str, AfterValidator(_bic)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Email = Annotated[str, AfterValidator(_email)]
Language = Literal["en", "fr"]


class Section(BaseModel):
    """A table of the operator's file: what it does not know is refused, and nothing in it changes once it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
