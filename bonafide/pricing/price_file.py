"""A price file, read and checked: what it declares, and on which line. Pure: the database is not asked here.

The format is described, with an example of every model, in ``docs/prices.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bonafide.errors import Refused
from bonafide.money import is_currency
from bonafide.pricing.rating import MODELS, Terms, TermsError, Tier

DEFAULT_SCALE = 6


class PriceFileRefused(Refused):
    """A price file that is refused whole; the line names the file, the key, its value, what was expected and the remedy."""


@dataclass(frozen=True)
class BareNumber:
    """A number with a decimal point that stands without quotes; kept as written so that the message can quote it."""

    text: str


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("expected an ISO 4217 currency code, such as EUR")
    return value


def _day(value: object) -> object:
    """A day; that of a plan without proration has to be the first of a month, which the import sees to."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("expected a day that exists, such as 2026-10-01") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("expected a date such as 2026-10-01")
    if value.year < 1970:
        raise ValueError("expected a day in 1970 or later")
    return value


def _printable(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("expected text of one line")
    return value.strip()


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,59}$")]
Label = Annotated[str, Field(max_length=120), AfterValidator(_printable)]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Name(Entry):
    """A text that customers read, in both languages."""

    en: Label
    fr: Label


class Offer(Entry):
    """What customers read of a plan before they order it, in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=2000)]
    fr: Annotated[str, Field(min_length=1, max_length=2000)]


class MeterEntry(Entry):
    code: Code
    name: Name
    unit: Annotated[str, Field(max_length=30), AfterValidator(_printable)]
    aggregation: Literal["sum", "count", "max", "unique", "latest", "hours"]
    scale: Annotated[int, Field(ge=0, le=12)] | None = None
    group_by: Annotated[str, Field(max_length=60)] = ""
    subject: Annotated[str, Field(max_length=60)] = ""

    @property
    def decimals(self) -> int:
        """Decimals kept of a quantity; what is counted one by one needs none."""
        if self.scale is not None:
            return self.scale
        return 0 if self.aggregation in ("count", "unique") else DEFAULT_SCALE


class PriceHead(Entry):
    """What every price has, whatever its model."""

    code: Code
    name: Name
    meter: Code | None = None
    valid_from: Annotated[date, BeforeValidator(_day)]
    model: str
    tax: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,29}$")] = "standard"


class PlanHead(Entry):
    code: Code
    name: Name
    currency: Annotated[str, AfterValidator(_currency)]
    default: bool | None = None
    # What the prices include: "excluded" for no VAT, "included" for whichever VAT the customer's bill bears.
    vat: Literal["excluded", "included"] = "excluded"
    offer: Offer | None = None
    proration: Literal["none", "day", "second"] | None = None


@dataclass(frozen=True)
class Place:
    """Where in the file a table stands, for messages: ``cloud.toml line 12: plans.cloud.prices.storage``.

    ``keys`` are the lines of the table's own keys.
    """

    file: str
    path: str
    line: int | None = None
    keys: Mapping[str, int] = field(default_factory=dict)

    def refuse(self, problem: str) -> PriceFileRefused:
        """The refusal of what ``problem`` says; when it begins with a key of the table (``.unit_price = ...``), on its line."""
        key = re.match(r"\.(\w+)", problem)
        line = self.line if key is None else self.keys.get(key[1], self.line)
        return PriceFileRefused(f"{self.file}{'' if line is None else f' line {line}'}: {self.path}{problem}")


@dataclass(frozen=True)
class DeclaredMeter:
    place: Place
    entry: MeterEntry


@dataclass(frozen=True)
class DeclaredPrice:
    place: Place
    head: PriceHead
    terms: Terms


@dataclass(frozen=True)
class DeclaredPlan:
    place: Place
    head: PlanHead
    prices: tuple[DeclaredPrice, ...]


@dataclass(frozen=True)
class PriceFile:
    """Everything a file declares, consistent in itself."""

    name: str
    meters: tuple[DeclaredMeter, ...]
    plans: tuple[DeclaredPlan, ...]


def read_price_file(*, text: str, name: str) -> PriceFile:
    """Check the text of a price file.

    :param name: the file's name, for messages.
    :raises PriceFileRefused: naming the first thing that is wrong.
    """
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"), parse_float=BareNumber)
    except (ValueError, RecursionError) as error:  # also what int() refuses, and nesting without end
        raise _not_toml(name, error) from None
    top = Place(name, "")
    unknown = sorted(data.keys() - {"meters", "plan", "plans"})
    if unknown:
        raise top.refuse(f"{unknown[0]} is not known here: expected [[meters]], [plan] or [[plans]]")
    if not data:
        raise top.refuse("the file declares nothing: expected [[meters]], [plan] or [[plans]]")
    if "plan" in data and "plans" in data:
        raise top.refuse("both plan and plans: write every plan as [[plans]]")
    lines = _Lines(text)
    meters = tuple(_meter(table, lines.place(name, "meters", table, number)) for number, table in _tables(data, "meters", top))
    plans = _plans(data, lines, top)
    _once(((meter.entry.code, meter.place) for meter in meters), "a second meter of this code: remove one")
    _once(((plan.head.code, plan.place) for plan in plans), "a second plan of this code: put its prices under the first")
    _once(((plan.head.default, plan.place) for plan in plans if plan.head.default), "a second default plan: only one can be")
    return PriceFile(name, meters, plans)


def _plans(data: dict[str, Any], lines: _Lines, top: Place) -> tuple[DeclaredPlan, ...]:
    key = "plan" if "plan" in data else "plans"
    tables = [(1, _table(data["plan"], top, "plan"))] if key == "plan" else _tables(data, "plans", top)
    plans: list[DeclaredPlan] = []
    before = 0
    for number, table in tables:
        place = lines.place(top.file, key, table, number)
        head = _entry(PlanHead, {name: value for name, value in table.items() if name != "prices"}, place)
        if head.offer and head.default:
            raise place.refuse(".offer: the default plan serves who ordered nothing; offer another plan, or remove default")
        prices: list[DeclaredPrice] = []
        for nth, inner in _tables(table, "prices", place):
            at = lines.place(top.file, f"{key}.prices", inner, nth, parent=place.path, before=before)
            prices.append(_price(inner, at))
        if not prices:
            raise place.refuse(f": no prices: expected at least one [[{key}.prices]]")
        _once(
            (((price.head.code, price.head.valid_from), price.place) for price in prices),
            "a second price of this code and valid_from: remove one",
        )
        before += len(prices)
        plans.append(DeclaredPlan(place, head, tuple(prices)))
    return tuple(plans)


def _meter(table: dict[str, Any], place: Place) -> DeclaredMeter:
    entry = _entry(MeterEntry, table, place)
    needs_subject = entry.aggregation in ("unique", "hours")
    if needs_subject and not entry.subject:
        raise place.refuse(f".subject is missing: aggregation {entry.aggregation} needs the dimension whose values it follows")
    if entry.subject and not needs_subject:
        raise place.refuse(f".subject = {_shown(entry.subject)}: aggregation {entry.aggregation} has no subject; remove it")
    if entry.aggregation in ("count", "unique") and entry.decimals:
        raise place.refuse(f".scale = {entry.scale}: aggregation {entry.aggregation} counts whole things; expected 0")
    return DeclaredMeter(place, entry)


def _price(table: dict[str, Any], place: Place) -> DeclaredPrice:
    own = PriceHead.model_fields.keys()
    head = _entry(PriceHead, {name: value for name, value in table.items() if name in own}, place)
    if head.model not in MODELS:
        raise place.refuse(f".model = {_shown(head.model)}: expected one of {', '.join(MODELS)}")
    kind = MODELS[head.model]
    rest = {name: value for name, value in table.items() if name not in own}
    wanted = {part.name: part.default is MISSING for part in fields(kind)}
    for name in rest:
        if name not in wanted:
            raise place.refuse(f".{name} is not known for model {kind.model}: expected {', '.join(wanted)}")
    for name, required in wanted.items():
        if required and name not in rest:
            raise place.refuse(f".{name} is missing: model {kind.model} needs it")
    try:
        terms = kind(**{name: _term(name, value, place) for name, value in rest.items()})
    except TermsError as error:
        raise place.refuse(f".{error.field} = {error.value}: {error.expected}") from None
    if terms.metered and head.meter is None:
        raise place.refuse(f".meter is missing: model {kind.model} prices the quantity of a meter")
    if not terms.metered and head.meter is not None:
        raise place.refuse(f".meter = {_shown(head.meter)}: model {kind.model} has no meter; remove it")
    return DeclaredPrice(place, head, terms)


def _term(name: str, value: Any, place: Place) -> Any:
    """A field of :class:`Terms` from its TOML value."""
    if name == "split":
        if not isinstance(value, bool):
            raise place.refuse(f".split = {_shown(value)}: expected true or false")
        return value
    if name == "tiers":
        return tuple(_tier(number, tier, place) for number, tier in _tables({"tiers": value}, "tiers", place))
    return _decimal(name, value, place)


def _tier(number: int, table: dict[str, Any], place: Place) -> Tier:
    for name in table:
        if name not in ("up_to", "unit_price", "flat"):
            raise place.refuse(f".tiers.{number}.{name} is not known: expected up_to, unit_price or flat")
    if "unit_price" not in table:
        raise place.refuse(f".tiers.{number}.unit_price is missing: every tier needs one")
    given = {name: _decimal(f"tiers.{number}.{name}", value, place) for name, value in table.items()}
    return Tier(up_to=given.get("up_to"), unit_price=given["unit_price"], flat=given.get("flat", Decimal(0)))


def _decimal(name: str, value: Any, place: Place) -> Decimal:
    """A decimal in quotes, or a whole number; a TOML float is refused because other tools would already have lost digits."""
    if isinstance(value, BareNumber):
        raise place.refuse(f'.{name} = {value.text}: expected a decimal number in quotes: "{value.text}"')
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value):
        raise place.refuse(f'.{name} = {_shown(value)}: expected a decimal number in quotes, such as "0.05"')
    return Decimal(value)


def _entry(kind: type[Any], table: dict[str, Any], place: Place) -> Any:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise place.refuse(_plain(error.errors()[0])) from None


def _plain(problem: Any) -> str:
    """A pydantic problem as a person would say it."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f".{key} is missing: expected it here"
    if problem["type"] == "extra_forbidden":
        return f".{key} is not known: remove it or correct the name"
    expected = {
        "string_pattern_mismatch": "expected letters, digits, '.', '_', ':' and '-', at most 60",
        "model_type": 'expected a table such as { en = "Storage", fr = "Stockage" }',
        "string_type": "expected text in quotes",
        "bool_type": "expected true or false",
        "int_type": "expected a whole number",
    }.get(problem["type"], problem["msg"].removeprefix("Value error, ").replace("Input should be", "expected"))
    return f".{key} = {_shown(problem['input'])}: {expected[0].lower()}{expected[1:]}"


def _tables(data: dict[str, Any], key: str, place: Place) -> list[tuple[int, dict[str, Any]]]:
    """The tables of an array, numbered from 1."""
    value = data.get(key, [])
    if not isinstance(value, list):
        raise place.refuse(f"{'.' if place.path else ''}{key}: expected an array of tables, [[{key}]]")
    return [(number, _table(table, place, f"{key}.{number}")) for number, table in enumerate(value, start=1)]


def _table(value: Any, place: Place, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise place.refuse(f"{'.' if place.path else ''}{key} = {_shown(value)}: expected a table")
    return value


def _once(found: Any, problem: str) -> None:
    seen = set()
    for key, place in found:
        if key in seen:
            raise place.refuse(f": {problem}")
        seen.add(key)


def _shown(value: Any) -> str:
    """A value as the file has it, short."""
    if isinstance(value, BareNumber):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _not_toml(name: str, error: Exception) -> PriceFileRefused:
    """Python's message, with its line put where ours have it."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if found:
        return PriceFileRefused(f"{name} line {found[2]}: not TOML at column {found[3]}: {found[1][0].lower()}{found[1][1:]}")
    return PriceFileRefused(f"{name}: not TOML: {str(error)[0].lower()}{str(error)[1:]}")


class _Lines:
    """On which line the n-th ``[header]`` of a kind and the keys under it stand; none for tables written inline."""

    def __init__(self, text: str) -> None:
        self._found: dict[str, list[tuple[int, dict[str, int]]]] = {}
        keys: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if header := re.match(r"\s*\[{1,2}\s*([A-Za-z.\s]+?)\s*\]{1,2}\s*(#.*)?$", line):
                keys = {}
                self._found.setdefault(re.sub(r"\s", "", header[1]), []).append((number, keys))
            elif key := re.match(r"\s*(\w+)(\.\w+)?\s*=", line):
                keys.setdefault(key[1], number)

    def place(
        self, file: str, key: str, table: dict[str, Any], number: int, *, parent: str | None = None, before: int = 0
    ) -> Place:
        """The place of the ``number``-th table of a kind within its parent, ``before`` tables of its kind having come earlier."""
        code = table.get("code")
        label = code if isinstance(code, str) and code.isprintable() and len(code) <= 60 else str(number)
        name = key.rsplit(".", 1)[-1]
        path = f"{name if parent is None else f'{parent}.{name}'}.{label}"
        headers = self._found.get(key, [])
        nth = before + number - 1
        return Place(file, path, *headers[nth]) if nth < len(headers) else Place(file, path)
