"""Every kind of event that the operator's service can be told, with what it says: declared here, described in ``docs/api.md``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bonafide.outgoing.words import Field

TEST = "webhook.test"
BEGIN, END = "<!-- events: written by make docs -->", "<!-- events end -->"
_BILL: dict[str, Any] = {
    "account": "atelier-vega",
    "number": "2026-000013",
    "type": "invoice",
    "month": "2026-10",
    "currency": "EUR",
    "net_minor": 16700,
    "tax_minor": 3340,
    "total_minor": 20040,
    "open_minor": 20040,
    "issued_on": "2026-11-01",
    "due_on": "2026-12-01",
    "corrects": None,
}
_PAYMENT: dict[str, Any] = {
    "account": "atelier-vega",
    "means": "transfer",
    "reference": "NTRF-8817",
    "currency": "EUR",
    "amount_minor": 20040,
}

_STANDING: dict[str, Any] = {
    "account": "atelier-vega",
    "reason": "unpaid_bills",
    "bills": [{"number": "2026-000013", "currency": "EUR", "open_minor": 20040, "due_on": "2026-12-01"}],
}


@dataclass(frozen=True)
class Kind:
    """One kind: when it is told, an example of its ``data``, and what of an account goes out with it."""

    name: str
    told: str
    example: dict[str, Any]
    passes: tuple[Field, ...] = (Field.ACCOUNT,)


class UndeclaredKind(Exception):
    """An event of a kind that is not declared here. It is a mistake in the code, and is not sent."""


KINDS = (
    Kind(
        "invoice.issued",
        "A bill was issued. `open_minor` is what is to be paid of it after what was paid in advance.",
        _BILL,
        (Field.ACCOUNT, Field.INVOICE),
    ),
    Kind(
        "invoice.paid",
        "Nothing is open of a bill any more: paid, credited, or nothing was owed. Told again when it was open again in between.",
        _BILL | {"open_minor": 0},
        (Field.ACCOUNT, Field.INVOICE),
    ),
    Kind(
        "invoice.corrected",
        "A credit note (`credit_note`), or a bill in the place of another (`corrected_invoice`): `corrects` is the number of the "
        "bill that it is about.",
        _BILL
        | {
            "number": "2026-000014",
            "type": "credit_note",
            "net_minor": -16700,
            "tax_minor": -3340,
            "total_minor": -20040,
            "open_minor": 0,
            "corrects": "2026-000013",
        },
        (Field.ACCOUNT, Field.INVOICE),
    ),
    Kind(
        "payment.received",
        "Money came and was booked: on `bills`, and `kept_minor` of it as money in advance.",
        _PAYMENT | {"kept_minor": 0, "received_on": "2026-11-20", "bills": ["2026-000013"]},
        (Field.ACCOUNT, Field.PAYMENT),
    ),
    Kind(
        "payment.returned",
        "Money of a payment went back: refunded, disputed, called back by the bank. `bills` are those that the payment was on.",
        _PAYMENT | {"return_reference": "NRTI-4402", "returned_on": "2026-11-27", "bills": ["2026-000013"]},
        (Field.ACCOUNT, Field.PAYMENT),
    ),
    Kind(
        "account.opened",
        "There is a new account. `kind` is `person` or `company`.",
        {"account": "atelier-vega", "kind": "company"},
    ),
    Kind(
        "account.suspended",
        "Stop serving this account, but delete nothing of its: `bills` stayed unpaid for as long as the terms say.",
        _STANDING,
        (Field.ACCOUNT, Field.INVOICE),
    ),
    Kind(
        "account.reinstated",
        "Serve it again.",
        _STANDING | {"reason": "paid", "bills": []},
        (Field.ACCOUNT, Field.INVOICE),
    ),
    Kind(
        "account.closed",
        "The account is closed. `reason` is `unpaid_bills`, with those in `bills`, or null. Told once for each closing.",
        _STANDING,
        (Field.ACCOUNT, Field.INVOICE),
    ),
)
_BY_NAME = {kind.name: kind for kind in KINDS} | {
    TEST: Kind(TEST, "Staff try an endpoint out.", {"message": "A test of the endpoint service."}, ())
}


def declared(name: str) -> Kind:
    """:raises UndeclaredKind: when there is no such kind."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UndeclaredKind(f"no kind {name!r} is declared in bonafide/webhooks/kinds.py") from None


def events_table() -> str:
    """The part of ``docs/api.md`` that describes every kind, as Markdown."""
    rows = [f"| `{kind.name}` | {kind.told} | `{json.dumps(kind.example)}` |" for kind in KINDS]
    return "\n".join(["| type | told when | an example of its `data` |", "|---|---|---|", *rows]) + "\n"


def with_events(page: str) -> str:
    """``docs/api.md`` with its part about kinds written anew."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{events_table()}{END}{rest.partition(END)[2]}"
