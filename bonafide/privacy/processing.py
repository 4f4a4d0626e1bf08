"""The record of processing (GDPR art. 30(1)), from what the packages declare and the operator's file alone."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.accounts.countries import country_name
from bonafide.billing.tax import EU
from bonafide.holdings import Holding, Kind, Place
from bonafide.operator import Operator
from bonafide.privacy.ends import said_end, setting_value
from bonafide.privacy.inventory import PLACES, holdings

# Where the GDPR holds: the Union, and the three states of the European Economic Area beside it.
_UNDER_GDPR = EU | {"IS", "LI", "NO"}

MEASURES: tuple[str | Promise, ...] = (
    gettext_lazy("Passwords, keys of programs, links in letters and the keys of sessions are kept as digests alone."),
    gettext_lazy("People can protect their login with a second factor; our staff must."),
    gettext_lazy("Tries to guess are counted and stopped, and people are warned of what happens to their login."),
    gettext_lazy("Each customer sees their own accounts alone. Of our staff who opens a record must say why; customers read it."),
    gettext_lazy("Bills and what staff looked at are kept from being rewritten by the database itself."),
    gettext_lazy("Pages load nothing from other hosts."),
    gettext_lazy("The console does not start while it would log, or keep files, where nothing is listed here."),
)


@dataclass(frozen=True)
class Processing:
    """One kind of data, held for one reason. All of it as the reader reads it."""

    kind: str
    what: str
    whose: str
    why: str
    basis: str
    end: str
    where: tuple[str, ...]


@dataclass(frozen=True)
class Recipient:
    """Somebody else who handles some of it. ``safeguard`` is empty inside the European Economic Area."""

    name: str
    purpose: str
    data: str
    country: str
    outside: bool
    safeguard: str
    contract: str
    link: str


def record(*, operator: Operator) -> list[tuple[str, list[Processing]]]:
    """Everything that is held, by kind, in the reader's language. What is said in the same words in several places is one."""
    found: dict[Kind, dict[tuple[str, ...], Processing]] = {}
    for kind, row in (*_of_tables(operator), *_of_places(operator)):
        same = found.setdefault(kind, {})
        key = (row.what, row.whose, row.why, row.end)
        known = same.get(key)
        same[key] = row if known is None else _together(known, row)
    return [(str(kind.label), list(found[kind].values())) for kind in Kind if kind in found]


def _of_tables(operator: Operator) -> Iterator[tuple[Kind, Processing]]:
    for table, holding in holdings():
        yield holding.kind, _processing(holding.kind, holding, str(table.called), operator)


def _of_places(operator: Operator) -> Iterator[tuple[Kind, Processing]]:
    for place in PLACES:
        if place.kind is None or (place.setting and not setting_value(place.setting, operator)):
            continue
        yield (
            place.kind,
            _processing(place.kind, place, place.pattern or ", ".join(setting_value(place.setting, operator)), operator),
        )


def _processing(kind: Kind, held: Holding | Place, where: str, operator: Operator) -> Processing:
    assert held.whose is not None  # noqa: S101 - a test sees to it that whatever has a kind has these
    assert held.basis is not None  # noqa: S101
    return Processing(
        kind=str(kind.label),
        what=str(held.what),
        whose=str(held.whose.label),
        why=str(held.why),
        basis=str(held.basis.label),
        end=said_end(held, operator),
        where=(where,),
    )


def _together(one: Processing, other: Processing) -> Processing:
    where = tuple(dict.fromkeys((*one.where, *other.where)))
    return Processing(one.kind, one.what, one.whose, one.why, one.basis, one.end, where)


def recipients(*, operator: Operator, language: str) -> list[Recipient]:
    """The host, and whom the operator's file names."""
    hosting = operator.hosting
    host = Recipient(
        name=hosting.host_name,
        purpose=_("runs the machines on which the console is"),
        data=_("everything that is listed here"),
        country=country_name(hosting.country, language),
        outside=hosting.country not in _UNDER_GDPR,
        safeguard="",
        contract="",
        link=hosting.host_website,
    )
    named = [
        Recipient(
            name=one.name,
            purpose=one.purpose_fr if language == "fr" else one.purpose_en,
            data=one.data_fr if language == "fr" else one.data_en,
            country=country_name(one.country, language),
            outside=one.country not in _UNDER_GDPR,
            safeguard=one.safeguard,
            contract=one.contract,
            link=one.link,
        )
        for one in operator.processors
    ]
    return [*([] if any(one.name == host.name for one in named) else [host]), *named]


def as_csv(*, operator: Operator, language: str) -> str:
    """The whole record as a table: a line for each kind of data, with who answers for it and who else handles some."""
    identity = operator.identity
    controller = f"{identity.legal_name}, {identity.street}, {identity.postcode} {identity.city}, {identity.email}"
    others = recipients(operator=operator, language=language)
    handled = "; ".join(f"{one.name} ({one.purpose})" for one in others)
    transfers = "; ".join(
        f"{one.name}: {one.country} ({one.safeguard or _('no safeguard is named')})" for one in others if one.outside
    )
    measures = " ".join(str(measure) for measure in MEASURES)
    text = StringIO()
    write = csv.writer(text).writerow
    write(_heads())
    for _kind, rows in record(operator=operator):
        for row in rows:
            held = (row.kind, row.what, row.whose, row.why, row.basis, row.end, ", ".join(row.where))
            write([*held, handled, transfers or _("none"), measures, controller])
    return text.getvalue()


def _heads() -> Iterable[str]:
    return (
        _("Kind"),
        _("What"),
        _("Whose"),
        _("Why"),
        _("Legal basis"),
        _("How long"),
        _("Where"),
        _("Who else handles some"),
        _("Transfers outside the European Economic Area"),
        _("Security"),
        _("Controller"),
    )
