"""MT940, the customer statement message of SWIFT, with the fields that banks in Germany and the Netherlands put into tag 86.

The library reads the tags; here is what it leaves open: several statements in a file, what is not read at all, sums, identities.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import mt940
from stdnum import iban as iban_numbers

from bonafide.money import scaled
from bonafide.payments.transfers.statement import BankLine, Statement, StatementRefused, check, counted, decimals

# What it cannot read it would write to the log, names and all.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)

LARGEST_FILE = 16 * 2**20
_NOTHING = frozenset({"", "NONREF", "NOTPROVIDED", "KREF+"})
_REFERENCE = re.compile(r"\bRF ?\d{2}(?: ?[A-Z0-9]){1,21}", re.IGNORECASE)


def is_mt940(content: bytes) -> bool:
    """Whether a file has the tags of a statement."""
    return re.search(rb"(?m)^:20:", content) is not None and re.search(rb"(?m)^:6[01]", content) is not None


def read_mt940(*, content: bytes, name: str) -> tuple[Statement, ...]:
    """The statements of a file, in UTF-8 or else Latin-1.

    :raises StatementRefused: for what is no such file, or does not add up.
    """
    if len(content) > LARGEST_FILE:
        raise StatementRefused(f"{name}: larger than {LARGEST_FILE // 2**20} MiB: ask the bank for shorter periods")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    found = []
    for number, message in enumerate(_messages(text), start=1):
        where = f"{name}: statement {number}"
        statement = _statement(message, where)
        check(statement, where=where)
        found.append(statement)
    if not found:
        raise StatementRefused(f"{name}: no statement is in it: expected tags :20:, :25:, :60F: and :62F:")
    return tuple(found)


def _messages(text: str) -> Iterator[str]:
    """Each message of a file, which begins with tag 20."""
    for part in re.split(r"(?m)^(?=:20:)", text.replace("\r\n", "\n"))[1:]:
        yield re.split(r"(?m)^-(?:\}|$)", part)[0]


def _statement(message: str, where: str) -> Statement:
    try:
        read = mt940.parse(message)
    except Exception as error:  # the library raises whatever its patterns meet
        raise StatementRefused(f"{where}: not MT940: a tag of it cannot be read ({type(error).__name__})") from None
    told, tags = read.data, re.findall(r"(?m)^:(61|60[FM]|62[FM]|25):", message)
    for tag, meaning in (("25", "the account"), ("60", "the opening balance"), ("62", "the closing balance")):
        if not any(found.startswith(tag) for found in tags):
            raise StatementRefused(f"{where}: tag {tag} is missing: expected {meaning}")
    rows = [row.data for row in read if "amount" in row.data]
    if len(rows) != tags.count("61"):
        raise StatementRefused(
            f"{where}: {tags.count('61')} movements (tag 61), of which {len(rows)} can be read: nothing is taken"
        )
    opening = told.get("final_opening_balance") or told.get("intermediate_opening_balance")
    closing = told.get("final_closing_balance") or told.get("intermediate_closing_balance")
    if opening is None or closing is None:
        raise StatementRefused(f"{where}: a balance (tag 60 or 62) cannot be read")
    account = str(told.get("account_identification", "")).replace(" ", "").upper()
    currency = opening.amount.currency
    lines = [_line(row, account, where, number) for number, row in enumerate(rows, start=1)]
    return Statement(
        iban=account,
        currency=currency,
        number=str(told.get("statement_number") or told.get("transaction_reference") or ""),
        lines=counted(lines),
        opening_minor=_minor(opening.amount, where),
        closing_minor=_minor(closing.amount, where),
    )


def _minor(amount: Any, where: str) -> int:
    try:
        return scaled(Decimal(amount.amount), decimals(amount.currency))
    except (ValueError, ArithmeticError):
        raise StatementRefused(
            f"{where}: amount {amount.amount} {amount.currency}: more decimals than the currency has"
        ) from None


def _line(row: dict[str, Any], account: str, where: str, number: int) -> BankLine:
    # RC takes a credit back and RD a debit; the library gives a sign to D alone.
    minor = abs(_minor(row["amount"], f"{where}, movement {number}")) * (-1 if row["status"] in ("D", "RC") else 1)
    value_on = _day(row["date"])
    text = _joined(row.get("purpose"), row.get("additional_purpose")) or _joined(row.get("transaction_details"))
    name_iban, name = _payer(str(row.get("applicant_name") or ""), str(row.get("gvc_applicant_iban") or ""))
    found = _REFERENCE.search(f"{text} {row.get('end_to_end_reference') or ''}")
    return BankLine(
        iban=account,
        booked_on=_day(row.get("guessed_entry_date") or row.get("entry_date") or row["date"]),
        value_on=value_on,
        amount_minor=minor,
        currency=row["amount"].currency,
        bank_reference=_known(row.get("bank_reference")),
        reference=found[0].replace(" ", "").upper() if found and not text else "",
        end_to_end=_known(row.get("end_to_end_reference")),
        text=text,
        name=_joined(name, row.get("recipient_name")),
        name_iban=name_iban,
        returned=str(row.get("status", "")).startswith("R"),
    )


def _day(value: Any) -> date:
    """The library's dates are of a class of its own."""
    return date(value.year, value.month, value.day)


def _joined(*parts: object) -> str:
    return " ".join(" ".join(str(part or "").split()) for part in parts if part).strip()


def _known(value: object) -> str:
    text = str(value or "").strip()
    return "" if text.upper() in _NOTHING else text


def _payer(name: str, iban: str) -> tuple[str, str]:
    """IBAN and name of who paid: fields 31 to 33 come as one text, the IBAN in front."""
    for length in range(15, 35):
        if iban_numbers.is_valid(name[:length]):
            return name[:length], name[length:].strip()
    return iban, name.strip()
