"""What banks write is read to the cent, or the whole file is refused in one line."""

from __future__ import annotations

from datetime import date

import pytest

from bonafide.payments.transfers.read_statement import read_statement
from bonafide.payments.transfers.statement import BankLine, Statement, StatementRefused

OURS, THEIRS = "FR7630006000011234567890189", "DE89370400440532013000"

DETAIL = """<TxDtls><Refs><EndToEndId>{end}</EndToEndId></Refs>{amount}
<RltdPties><Dbtr><Nm>Max Muster</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf>{remittance}</RmtInf></TxDtls>"""


def entry(amount: str, *details: str, side: str = "CRDT", status: str = "BOOK", ref: str = "B1", currency: str = "EUR") -> str:
    inner = f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>'
        f"<BookgDt><Dt>2026-11-02</Dt></BookgDt><ValDt><Dt>2026-11-03</Dt></ValDt><AcctSvcrRef>{ref}</AcctSvcrRef>{inner}</Ntry>"
    )


def detail(end: str = "NOTPROVIDED", *, structured: str = "", text: str = "", amount: str = "") -> str:
    strd = f"<Strd><CdtrRefInf><Ref>{structured}</Ref></CdtrRefInf></Strd>" if structured else ""
    ustrd = f"<Ustrd>{text}</Ustrd>" if text else ""
    amt = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    return DETAIL.format(end=end, remittance=strd + ustrd, amount=amt)


def balance(code: str, amount: str, side: str = "CRDT") -> str:
    return f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd></Bal>'


def camt(*entries: str, balances: str = "", version: str = "08", head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr/><Stmt><Id>S-1</Id><Acct><Id><IBAN>{OURS}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def one(content: bytes) -> Statement:
    [statement] = read_statement(content=content, name="file.xml")
    return statement


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_a_transfer_says_who_paid_and_for_what(version: str) -> None:
    [line] = one(camt(entry("120.00", detail("E-7", structured="RF93 F202600042")), version=version)).lines
    assert line == BankLine(
        iban=OURS,
        booked_on=date(2026, 11, 2),
        value_on=date(2026, 11, 3),
        amount_minor=12_000,
        currency="EUR",
        bank_reference="B1",
        reference="RF93F202600042",
        end_to_end="E-7",
        name="Max Muster",
        name_iban=THEIRS,
    )


def test_a_batch_becomes_its_parts_and_one_that_does_not_add_up_stays_whole() -> None:
    parts = (detail(text="bill 1", amount="70.00"), detail(text="bill 2", amount="50.00"))
    lines = one(camt(entry("120.00", *parts))).lines
    assert [(line.amount_minor, line.bank_reference, line.text) for line in lines] == [
        (7000, "B1/1", "bill 1"),
        (5000, "B1/2", "bill 2"),
    ]
    assert [line.amount_minor for line in one(camt(entry("120.01", *parts))).lines] == [12_001]


def test_what_is_only_announced_does_not_count_and_what_goes_is_below_zero() -> None:
    lines = one(camt(entry("5.00", status="PDNG"), entry("15.50", side="DBIT"))).lines
    assert [line.amount_minor for line in lines] == [-1550]


def test_lines_alike_in_everything_are_told_apart() -> None:
    lines = one(camt(entry("5.00", detail(text="x"), ref=""), entry("5.00", detail(text="x"), ref=""))).lines
    assert [line.count for line in lines] == [1, 2]
    assert len({line.content for line in lines}) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt(head='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "it declares a document type or entities"),
        (
            camt(head='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'),
            "it declares a document type or entities",
        ),
        (camt()[:-20], "not XML"),
        (b"<html></html>", "expected a camt.053 statement, not 'html'"),
        (camt().replace(b"camt.053", b"camt.052"), "expected a camt.053 statement, not 'urn:iso:std:iso:20022:tech:xsd:camt.052"),
        (camt(entry("12,50")), "Amt '12,50' EUR: expected an amount such as 120.00"),
        (camt(entry("12.505")), "Amt '12.505' EUR: expected an amount such as 120.00"),
        (camt(entry("0.00")), "expected one that can be booked, and not 0"),
        (camt(entry("99999999999999999999.00")), "expected one that can be booked"),
        (camt(entry("1E+30")), "expected one that can be booked"),
        (camt(entry("-5.00")), "Amt '-5.00' EUR: expected an amount such as 120.00"),
        (camt(entry("NaN")), "expected an amount such as 120.00"),
        (camt(entry("5.00", currency="ZZZ")), "currency 'ZZZ': expected an ISO 4217 code"),
        (camt(entry("5.00", currency="USD")), "a line in USD on an account in EUR"),
        (camt(entry("5.00", side="X")), "CdtDbtInd 'X': expected CRDT or DBIT"),
        (camt(entry("5.00")).replace(b"2026-11-02", b"2026-02-30"), "expected a day such as 2026-11-02"),
        (
            camt(entry("5.00"), balances=balance("OPBD", "10.00") + balance("CLBD", "15.01")),
            "its lines come to a closing balance of 15.00 EUR, but it says 15.01: the file is not whole",
        ),
        (b"MZ\x90\x00", "neither camt.053 (XML) nor MT940"),
        (b"", "neither camt.053 (XML) nor MT940"),
    ],
)
def test_a_bad_file_is_refused_whole_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(StatementRefused) as refused:
        read_statement(content=content, name="file.xml")
    assert said in str(refused.value)
    assert str(refused.value).startswith("file.xml")
    assert "\n" not in str(refused.value)


def test_sums_that_hold_are_taken() -> None:
    statement = one(camt(entry("5.00"), balances=balance("OPBD", "10.00", "DBIT") + balance("CLBD", "5.00", "DBIT")))
    assert (statement.opening_minor, statement.closing_minor) == (-1000, -500)


# --- MT940 ----------------------------------------------------------------------------------------------------------------
MT940 = f""":20:STARTUMS
:25:{OURS}
:28C:00049/00001
:60F:C261031EUR1000,00
:61:2611021103CR120,00NTRFNONREF//2611020001
:86:166?00GUTSCHRIFT?20EREF+E-7?21SVWZ+RF93 F202 6000 42 bi?22ll?31{THEIRS}?32MAX MUSTER
:61:2611031103D15,50NMSCNONREF
:86:Account fees
:61:2611031103RC20,00NTRFNONREF
:86:Returned
:62F:C261103EUR1084,50
-
"""


def test_mt940_is_read_with_the_same_meaning() -> None:
    paid, fee, back = one(MT940.encode()).lines
    assert (paid.amount_minor, paid.bank_reference, paid.end_to_end) == (12_000, "2611020001", "E-7")
    assert (paid.text, paid.name, paid.name_iban) == ("RF93 F202 6000 42 bill", "MAX MUSTER", THEIRS)
    assert (paid.value_on, paid.booked_on) == (date(2026, 11, 2), date(2026, 11, 3))
    assert (fee.amount_minor, fee.text) == (-1550, "Account fees")
    assert (back.amount_minor, back.returned) == (-2000, True)


def test_several_statements_in_latin_1_with_line_ends_of_all_kinds() -> None:
    content = (MT940 + MT940.replace("Account fees", "Frais d’été".replace("’", "'"))).replace("\n", "\r\n").encode("latin-1")
    first, second = read_statement(content=content, name="file.sta")
    assert len(first.lines) == len(second.lines) == 3
    assert second.lines[1].text == "Frais d'été"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("EUR1084,50", "EUR1084,51", "its lines come to a closing balance of 1084.50 EUR, but it says 1084.51"),
        (":62F:C261103EUR1084,50\n", "", "tag 62 is missing: expected the closing balance"),
        (f":25:{OURS}\n", "", "tag 25 is missing: expected the account"),
        (":61:2611031103D15,50NMSCNONREF", ":61:garbage", "statement 1: not MT940: a tag of it cannot be read"),
        (":61:2611031103D15,50NMSCNONREF\n:86:Account fees\n", "", "its lines come to a closing balance of 1100.00 EUR"),
        ("EUR1000,00", "ZZZ1000,00", "currency 'ZZZ'"),
    ],
)
def test_a_bad_mt940_is_refused_whole_in_one_line(old: str, new: str, said: str) -> None:
    assert old in MT940
    with pytest.raises(StatementRefused) as refused:
        read_statement(content=MT940.replace(old, new).encode(), name="file.sta")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_read_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StatementRefused):
        read_statement(content=MT940.replace(":61:2611021103C", ":61:MAX MUSTER").encode(), name="file.sta")
    assert caplog.records == []
