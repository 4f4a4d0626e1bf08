"""camt.053, the statement of an account by ISO 20022, versions 001.02 to 001.14. Hardened: no entity, no network, no huge text.

Only booked entries count (``BOOK``): what is announced may still change. An entry with several details (a batch) becomes a line
for each, if their amounts come to the entry's; else it stays one line, which staff look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from bonafide.money import scaled
from bonafide.payments.transfers.statement import BankLine, Statement, StatementRefused, check, counted, decimals

FAMILY = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
# Statements of a day are kilobytes; this is a year of a busy account.
LARGEST_FILE = 64 * 2**20


def is_camt053(content: bytes) -> bool:
    """Whether the beginning of a file says that it is one, or some XML that only this reader can refuse well."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_camt053(*, content: bytes, name: str) -> tuple[Statement, ...]:
    """The statements of a file.

    :raises StatementRefused: for what is no such file, holds entities, or does not add up.
    """
    root = _parsed(content, name)
    space = etree.QName(root).namespace or ""
    if not space.startswith(FAMILY):
        raise StatementRefused(f"{name}: expected a camt.053 statement, not {space or etree.QName(root).localname!r}")
    found = []
    for number, element in enumerate(root.iterfind("./{*}BkToCstmrStmt/{*}Stmt"), start=1):
        statement = _statement(_Part(element, f"{name}: statement {number}"))
        check(statement, where=f"{name}: statement {statement.number or number}")
        found.append(statement)
    if not found:
        raise StatementRefused(f"{name}: no statement (BkToCstmrStmt/Stmt) is in it")
    return tuple(found)


def _parsed(content: bytes, name: str) -> etree._Element:
    if len(content) > LARGEST_FILE:
        raise StatementRefused(f"{name}: larger than {LARGEST_FILE // 2**20} MiB: ask the bank for shorter periods")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise StatementRefused(f"{name}: not XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise StatementRefused(f"{name}: it declares a document type or entities, which no bank's statement does")
    return root


class _Part:
    """An element with its place for messages, asked by paths without their namespace."""

    def __init__(self, element: etree._Element, where: str) -> None:
        self.element, self.where = element, where

    def all(self, path: str) -> list[_Part]:
        return [_Part(found, self.where) for found in self.element.iterfind(_everywhere(path))]

    def first(self, path: str) -> _Part | None:
        found = self.element.find(_everywhere(path))
        return None if found is None else _Part(found, self.where)

    def text(self, path: str) -> str:
        found = self.element.find(_everywhere(path))
        return "" if found is None else " ".join((found.text or "").split())

    def texts(self, path: str) -> str:
        return " ".join(part for part in (each.text(".") for each in self.all(path)) if part)

    def day(self, path: str) -> date | None:
        written = self.text(f"{path}/Dt") or self.text(f"{path}/DtTm")[:10]
        if not written:
            return None
        try:
            return date.fromisoformat(written[:10])
        except ValueError:
            raise StatementRefused(f"{self.where}: {path} {written!r}: expected a day such as 2026-11-02") from None

    def amount(self, path: str) -> tuple[int, str]:
        """An amount without its sign, in minor units, and its currency."""
        found = self.first(path)
        written, currency = (found.text("."), str(found.element.get("Ccy") or "")) if found else ("", "")
        try:
            if Decimal(written).is_signed():  # CdtDbtInd has the sign
                raise ValueError(written)
            return scaled(Decimal(written), decimals(currency)), currency
        except (InvalidOperation, ValueError, ArithmeticError):
            raise StatementRefused(f"{self.where}: {path} {written!r} {currency}: expected an amount such as 120.00") from None

    def signed(self) -> tuple[int, str]:
        minor, currency = self.amount("Amt")
        side = self.text("CdtDbtInd")
        if side not in ("CRDT", "DBIT"):
            raise StatementRefused(f"{self.where}: CdtDbtInd {side!r}: expected CRDT or DBIT")
        return (minor if side == "CRDT" else -minor), currency


def _everywhere(path: str) -> str:
    return "/".join(step if step == "." else f"{{*}}{step}" for step in path.split("/"))


def _statement(part: _Part) -> Statement:
    iban = part.text("Acct/Id/IBAN").replace(" ", "").upper() or part.text("Acct/Id/Othr/Id")
    if not iban:
        raise StatementRefused(f"{part.where}: Acct/Id/IBAN is missing: expected the account that it is of")
    balances = {balance.text("Tp/CdOrPrtry/Cd"): balance.signed() for balance in part.all("Bal")}
    # OPBD and CLBD are booked; PRCD is the closing balance of the statement before, which is this one's opening.
    opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
    lines: list[BankLine] = []
    for number, entry in enumerate(part.all("Ntry"), start=1):
        entry.where = f"{part.where}, entry {number}"
        if _status(entry) == "BOOK":
            lines += _lines(entry, iban)
    stated = part.text("Acct/Ccy") or next((currency for _minor, currency in balances.values()), "")
    return Statement(
        iban=iban,
        currency=stated or (lines[0].currency if lines else "EUR"),
        number=part.text("ElctrncSeqNb") or part.text("LglSeqNb") or part.text("Id"),
        lines=counted(lines),
        opening_minor=opening[0] if opening else None,
        closing_minor=closing[0] if closing else None,
    )


def _status(entry: _Part) -> str:
    """``BOOK``, ``PDNG``, ``INFO``: an element of its own in later versions, a plain text in earlier ones."""
    return entry.text("Sts/Cd") or entry.text("Sts")


def _lines(entry: _Part, iban: str) -> Iterator[BankLine]:
    minor, currency = entry.signed()
    booked = entry.day("BookgDt") or entry.day("ValDt")
    if booked is None:
        raise StatementRefused(f"{entry.where}: BookgDt is missing: expected the day on which it was booked")
    whole = BankLine(
        iban=iban,
        booked_on=booked,
        value_on=entry.day("ValDt") or booked,
        amount_minor=minor,
        currency=currency,
        bank_reference=entry.text("AcctSvcrRef"),
        text=entry.text("AddtlNtryInf"),
        returned=entry.text("RvslInd") == "true" or _is_returned(entry),
    )
    details = entry.all("NtryDtls/TxDtls")
    sign = 1 if minor > 0 else -1
    if len(details) > 1:
        amounts = [_amount_of(detail) for detail in details]
        if all(amounts) and sum(amount for amount, _ in filter(None, amounts)) == abs(minor):
            for number, (detail, amount) in enumerate(zip(details, filter(None, amounts), strict=True), start=1):
                yield _detailed(whole, detail, sign * amount[0], number)
        else:
            yield whole
        return
    yield _detailed(whole, details[0], minor, 0) if details else whole


def _is_returned(part: _Part) -> bool:
    """Whether the bank's code says so: a payment returned, or called back (external code set of ISO 20022, sub-families)."""
    return part.text("BkTxCd/Domn/Fmly/SubFmlyCd") in ("RRTN", "RPCR")


def _amount_of(detail: _Part) -> tuple[int, str] | None:
    """A detail's own amount: where it stands differs between versions."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        if detail.first(path) is not None:
            return detail.amount(path)
    return None


def _detailed(whole: BankLine, detail: _Part, minor: int, number: int) -> BankLine:
    """A line with what its detail says of who paid and for what; the bank's reference is the detail's own, if it has one."""
    payer = "Dbtr" if minor > 0 else "Cdtr"
    name = detail.text(f"RltdPties/{payer}/Nm") or detail.text(f"RltdPties/{payer}/Pty/Nm")
    own = detail.text("Refs/AcctSvcrRef")
    end_to_end = detail.text("Refs/EndToEndId")
    return BankLine(
        iban=whole.iban,
        booked_on=whole.booked_on,
        value_on=whole.value_on,
        amount_minor=minor,
        currency=whole.currency,
        bank_reference=own or (f"{whole.bank_reference}/{number}" if number and whole.bank_reference else whole.bank_reference),
        reference=detail.text("RmtInf/Strd/CdtrRefInf/Ref").replace(" ", "").upper(),
        end_to_end="" if end_to_end == "NOTPROVIDED" else end_to_end,
        text=detail.texts("RmtInf/Ustrd") or whole.text,
        name=name,
        name_iban=detail.text(f"RltdPties/{payer}Acct/Id/IBAN").replace(" ", "").upper(),
        returned=whole.returned or detail.first("RtrInf") is not None or _is_returned(detail),
    )
