"""Statements as banks send them: the same movements as camt.053, with the bank's references, and as MT940, without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings

from bonafide.payments.transfers.import_statement import Imported, import_statement

OURS, THEIRS = "FR7630006000011234567890189", "DE89370400440532013000"
DAY = date(2024, 10, 2)
NOW = datetime(2024, 10, 3, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Paid:
    """One movement; ``amount`` as decimal text, below zero for money that went."""

    amount: str
    reference: str = ""
    text: str = ""
    ref: str = ""
    day: date = DAY
    name: str = "Max Muster"
    name_iban: str = THEIRS
    end_to_end: str = ""
    returned: bool = False


def by_code(text: str, *, day: date = DAY, name: str = "Max Muster") -> Paid:
    """The transfer that a bank's app makes of a scanned code (EPC069-12), once it is on the statement."""
    service, _version, _letters, kind, _bic, _holder, iban, amount, _purpose, reference, *_rest = [*text.split("\n"), ""]
    assert (service, kind, iban, amount[:3]) == ("BCD", "SCT", OURS, "EUR")
    return Paid(amount[3:], reference=reference, day=day, name=name, ref=f"B-{reference}")


def camt(*movements: Paid, opening: str | None = "100.00", currency: str = "EUR", iban: str = OURS, number: str = "S-1") -> bytes:
    """One statement of camt.053.001.08; with its balances unless ``opening`` is None."""
    balances = ""
    if opening is not None:
        closing = Decimal(opening) + sum((Decimal(one.amount) for one in movements), Decimal(0))
        balances = _balance("OPBD", Decimal(opening), currency) + _balance("CLBD", closing, currency)
    entries = "".join(_entry(one, currency) for one in movements)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr/><Stmt><Id>{number}</Id><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        f"{balances}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, amount: Decimal, currency: str) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{abs(amount)}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd></Bal>"
    )


def _entry(paid: Paid, currency: str) -> str:
    amount = Decimal(paid.amount)
    side, party = ("CRDT", "Dbtr") if amount > 0 else ("DBIT", "Cdtr")
    structured = f"<Strd><CdtrRefInf><Ref>{paid.reference}</Ref></CdtrRefInf></Strd>" if paid.reference else ""
    text = f"<Ustrd>{escape(paid.text)}</Ustrd>" if paid.text else ""
    own = f"<AcctSvcrRef>{paid.ref}</AcctSvcrRef>" if paid.ref else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{paid.day}</Dt></BookgDt><ValDt><Dt>{paid.day}</Dt></ValDt>{own}<NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{paid.end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
        f"<RltdPties><{party}><Pty><Nm>{escape(paid.name)}</Nm></Pty></{party}>"
        f"<{party}Acct><Id><IBAN>{paid.name_iban}</IBAN></Id></{party}Acct></RltdPties>"
        f"<RmtInf>{structured}{text}</RmtInf>{'<RtrInf/>' if paid.returned else ''}</TxDtls></NtryDtls></Ntry>"
    )


def mt940(*movements: Paid, opening: str = "100.00", account: str = OURS, currency: str = "EUR") -> bytes:
    """The same as MT940: no reference of the bank, and the creditor's reference in the text."""
    closing = Decimal(opening) + sum((Decimal(one.amount) for one in movements), Decimal(0))
    first, last = movements[0].day, movements[-1].day
    lines = [":20:STARTUMS", f":25:{account}", ":28C:7/1", f":60F:C{first:%y%m%d}{currency}{_comma(opening)}"]
    for one in movements:
        amount = Decimal(one.amount)
        side = ("RC" if one.returned else "D") if amount < 0 else ("RD" if one.returned else "C")
        words = one.reference or one.text
        lines += [
            f":61:{one.day:%y%m%d}{one.day:%m%d}{side}{_comma(str(abs(amount)))}NTRFNONREF",
            f":86:166?00GUTSCHRIFT?20{words}",
        ]
    lines += [f":62F:C{last:%y%m%d}{currency}{_comma(str(closing))}", "-"]
    return "\r\n".join(lines).encode()


def _comma(amount: str) -> str:
    return amount.replace(".", ",")


def take(content: bytes, *, name: str = "file.xml", **values: Any) -> Imported:
    """Import a file."""
    known = {"operator": settings.OPERATOR, "now": NOW, **values}
    return import_statement(content=content, name=name, **known)


def paid_on(bills: Sequence[Any]) -> list[int]:
    """What was paid on each."""
    return [sum(bill.settlements.values_list("amount_minor", flat=True)) for bill in bills]
