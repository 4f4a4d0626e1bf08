"""``bonafide prices``: import price files, enter exchange rates, see what is in force."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click
from django.conf import settings
from django.utils import timezone

from bonafide.errors import Refused
from bonafide.periods import Month
from bonafide.pricing.exchange import enter_rate
from bonafide.pricing.import_prices import ImportedPrices, import_prices
from bonafide.pricing.prices_in_force import Item, PlanInForce, price_book
from bonafide.pricing.rating import Terms

LARGEST_FILE = 16 * 2**20


class PriceFileUnreadable(Refused):
    """A file that is missing, is no file, is not text, or is far too large to be a price list."""


@click.group()
def prices() -> None:
    """Import price files, enter exchange rates, see what is in force.

    \b
    Example: bonafide prices import examples/cloud.toml
    """


@prices.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Import a price file (TOML): all of it or nothing. The same file again changes nothing.

    \b
    Example: bonafide prices import examples/reseller.toml
    The format is described in docs/prices.md.
    """
    done = import_prices(text=_read(file), name=file.name, today=timezone.localdate())
    click.echo(_summary(done))


@prices.command()
@click.argument("base")
@click.argument("quote")
@click.argument("dated_on", metavar="DATE")
@click.argument("rate")
@click.option("--source", required=True, help="Who published the rate; printed on bills that use it.")
def rate(base: str, quote: str, dated_on: str, rate: str, source: str) -> None:
    """Enter what one BASE was worth in QUOTE on DATE. A bill of a month uses the latest rate dated within it.

    \b
    Example: bonafide prices rate USD EUR 2024-09-30 0.8932 --source ECB
    """
    entered = enter_rate(
        base=base.upper(), quote=quote.upper(), dated_on=_day(dated_on), rate=rate, source=source, now=timezone.now()
    )
    click.echo(f"{entered}, from {entered.source}")


@prices.command("list")
@click.option("--month", metavar="YYYY-MM", help="Month whose prices to show; by default the present one.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of plans for programs.")
def list_(*, month: str | None, as_json: bool) -> None:
    """Show each plan with its prices in force, also those of some days of the month only.

    \b
    Example: bonafide prices list --month 2024-09 --json
    """
    today = timezone.localdate()
    zone = settings.OPERATOR.zone
    book = price_book(month=_month(month) if month else Month(today.year, today.month), zone=zone)
    plans = [(plan, plan.id == book.default_plan_id) for plan in book.plans.values()]
    if as_json:
        click.echo(json.dumps([_as_json(plan, is_default) for plan, is_default in plans], ensure_ascii=False, indent=2))
        return
    for plan, is_default in plans:
        proration = "whole months" if plan.proration == "none" else f"by the {plan.proration}"
        click.echo(f"{plan.code} ({plan.currency}, {proration}{', default' if is_default else ''}): {plan.name_en}")
        for item in _items(plan):
            meter = "" if item.meter is None else f" on {item.meter.code} ({item.meter.unit})"
            since = f" from {item.valid_from}" if item.valid_from > book.month.first_day else ""
            click.echo(f"  {item.code}{since}: {item.name_en}, {item.terms.model}{meter}: {_in_short(item.terms)}")
    if not plans:
        click.echo("No plans yet: import a price file, for example examples/cloud.toml")


def _items(plan: PlanInForce) -> tuple[Item, ...]:
    """What is in force at some time of the month."""
    return tuple(version.item for versions in plan.versions for version in versions) or plan.items


def _as_json(plan: PlanInForce, is_default: bool) -> dict[str, object]:  # noqa: FBT001 - a pair from a list
    return {
        "code": plan.code,
        "name": {"en": plan.name_en, "fr": plan.name_fr},
        "currency": plan.currency,
        "proration": plan.proration,
        "default": is_default,
        "prices": [
            {
                "code": item.code,
                "name": {"en": item.name_en, "fr": item.name_fr},
                "meter": None if item.meter is None else item.meter.code,
                "unit": None if item.meter is None else item.meter.unit,
                "valid_from": item.valid_from.isoformat(),
                "terms": json.loads(item.terms.to_json()),
            }
            for item in _items(plan)
        ],
    }


def _in_short(terms: Terms) -> str:
    """The fields of the terms on one line: ``unit_price 0.042, split``."""
    fields = json.loads(terms.to_json())
    fields.pop("model")
    tiers = fields.pop("tiers", [])
    steps = [f"{tier['unit_price']}{' to ' + tier['up_to'] if 'up_to' in tier else ' beyond'}" for tier in tiers]
    return ", ".join([*steps, *(name if value is True else f"{name} {value}" for name, value in sorted(fields.items()))])


def _summary(done: ImportedPrices) -> str:
    """One line that says what changed."""
    if not done.changed:
        return f"{done.name}: nothing changed, all of it is already in force or noted"
    counts = [
        (done.plans_added, "plan", "added"),
        (done.plans_changed, "plan", "changed"),
        (done.meters_added, "meter", "added"),
        (done.meters_renamed, "meter", "renamed"),
        (done.prices_added, "price", "added"),
        (done.prices_changed, "price", "changed"),
        (done.prices_unchanged, "price", "unchanged"),
    ]
    parts = [f"{count} {noun}{'s' if count > 1 else ''} {verb}" for count, noun, verb in counts if count]
    if done.upcoming:
        parts.append(f"{done.upcoming} of them from a later date on")
    if done.former_default:
        parts.append(f"in place of {done.former_default} as the default plan")
    return f"{done.name}: {', '.join(parts)}"


def _read(file: Path) -> str:
    """The text of a price file.

    :raises PriceFileUnreadable: saying why not.
    """
    try:
        if file.is_dir():
            raise PriceFileUnreadable(f"{file} is a folder: name the price file in it")
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise PriceFileUnreadable(f"{file} is missing: check the path") from None
    except OSError as error:
        raise PriceFileUnreadable(f"{file} cannot be read ({error.strerror}): check its permissions") from None
    if len(raw) > LARGEST_FILE:
        raise PriceFileUnreadable(f"{file} is larger than 16 MB: expected a price file, see docs/prices.md")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PriceFileUnreadable(f"{file} line {line}: not UTF-8 (byte {error.start}); save the file as UTF-8") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day: expected YYYY-MM-DD, for example 2024-09-30") from None


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
