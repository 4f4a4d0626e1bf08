"""Bills of every kind that an e-invoice must be able to say, each with what billing froze beside its rows.

Used by the tests of e-invoices, by ``tests.conformance`` and by nobody else. Credit notes and rectifying invoices are rows as
billing will leave them: their amounts are positive, as EN 16931 has them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from bonafide.billing.amend.changes import LineChange
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.correct import LineAsked, credit
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.documents.einvoice.standing import Corrected, Standing, standing_of
from bonafide.money import round_half_up
from tests.documents.bills import ISSUED, LINES, buyer, line, make_issued, mentions

Case = tuple[Invoice, Standing]

NOWHERE = {"vat_number": "", "registration": ""}
EARLIER = Corrected("F2026-000007", date(2026, 10, 1))


def person(**changes: Any) -> dict[str, Any]:
    return buyer(**{"kind": "person", "name": "Léa Martin", **NOWHERE, **changes})


def french_company() -> Case:
    return make_issued(language="fr", buyer=buyer(purchase_order="PO-4711")), Standing()


def french_company_without_siren() -> Case:
    return make_issued(buyer=buyer(registration="W751234567", vat_number="", name="Amis du Nuage")), Standing()


def french_consumer() -> Case:
    return make_issued(language="fr", buyer=person()), Standing()


def consumer_with_an_address_for_bills() -> Case:
    return make_issued(buyer=person(billing_email="lea@example.fr")), Standing()


def reverse_charge() -> Case:
    german = buyer(name="Bergwerk GmbH", country="DE", city="Berlin", postcode="10115", vat_number="DE129273398", registration="")
    return (
        make_issued(rate="0", category="AE", reason_code="VATEX-EU-AE", reason="Reverse charge", buyer=german),
        Standing(),
    )


def outside_the_eu() -> Case:
    swiss = buyer(name="Alpenwolke AG", country="CH", city="Zürich", postcode="8001", **NOWHERE)
    return (
        make_issued(rate="0", category="O", reason_code="VATEX-EU-O", reason="Not subject to VAT", buyer=swiss),
        Standing(),
    )


def export() -> Case:
    norwegian = buyer(name="Sky AS", country="NO", city="Oslo", postcode="0150", vat_number="", registration="923609016")
    return (
        make_issued(rate="0", category="G", reason_code="VATEX-EU-G", reason="Outside the EU", buyer=norwegian),
        Standing(),
    )


def overseas_department() -> Case:
    reunion = person(country="RE", city="Saint-Denis", postcode="97400")
    return make_issued(rate="8.5", lines=[line("Subscription", "1", "month", "49.90")], buyer=reunion), Standing()


def untaxed_department() -> Case:
    guyane = buyer(country="GF", city="Cayenne", postcode="97300")
    reason = "VAT is not applied in this department (CGI art. 294)"
    return make_issued(rate="0", category="E", reason=reason, buyer=guyane), Standing()


def consumer_of_another_state() -> Case:
    return make_issued(rate="19", buyer=person(country="DE", city="Berlin", postcode="10115")), Standing()


def discount() -> Case:
    return make_issued(lines=[*LINES, line("Discount of 10 %", "-1", "discount", "30.20")]), Standing()


def voucher() -> Case:
    return make_issued(lines=[*LINES, line("Voucher WELCOME-25", "-1", "voucher", "25")], buyer=person()), Standing()


def late_correction() -> Case:
    """Usage that was taken back after its month: a price below zero on the row."""
    return make_issued(lines=[*LINES, line("Late usage of September", "1", "adjustment", "-3.21")]), Standing()


def credit_note() -> Case:
    return make_issued(kind="381", lines=[line("Instance DEV1-L", "100", "hour", "0.085")]), Standing(corrects=(EARLIER,))


def corrected_invoice() -> Case:
    return make_issued(kind="384"), Standing(corrects=(EARLIER,))


def _mixed(*, gross: bool) -> Invoice:
    """A bill at 20 % and 5.5 %: 12.60 and 20.00 before tax, or with it."""
    rows = [("20", "0.60", "0.50"), ("5.5", "8.00", "7.58"), ("20", "12.00", "10.00"), ("5.5", "12.00", "11.38")]
    lines, sums = [], {"20": [0, 0], "5.5": [0, 0]}
    for at, (rate, price, without) in enumerate(rows, start=1):
        amount, net = (int(Decimal(said) * 100) for said in (price, without if gross else price))
        own = {"net_minor": net, "tax_category": "S", "tax_rate": rate, "gross_minor": amount if gross else None}
        lines.append({**line(f"Fee {at}", "1", "month", price), **own})
        sums[rate][0] += net
        sums[rate][1] += amount - net
    taxes = [
        {
            "category": "S",
            "rate": rate,
            "base_minor": base,
            "tax_minor": tax if gross else int(round_half_up(base * Decimal(rate) / 100, 0)),
        }
        for rate, (base, tax) in sums.items()
    ]
    return make_issued(lines=lines, taxes=taxes)


def _taken_back(invoice: Invoice, *lines: LineAsked, net: int | None = None) -> Case:
    """The credit note that billing issues for it."""
    by = {"reason": "Outage", "key": f"case {invoice.pk}", "operator": settings.OPERATOR, "now": ISSUED + timedelta(days=4)}
    note = credit(invoice=invoice, net_minor=net, lines=lines, **by)
    return note, standing_of(invoice=note)


def lines_at_two_rates_taken_back() -> Case:
    return _taken_back(_mixed(gross=False), LineAsked(2), LineAsked(3, amount_minor=333))


def lines_with_tax_taken_back() -> Case:
    return _taken_back(_mixed(gross=True), LineAsked(2), LineAsked(3, amount_minor=333))


def amount_at_two_rates_taken_back() -> Case:
    return _taken_back(_mixed(gross=True), net=777)


def replaced_by_billing() -> Case:
    """After a credit note and a payment, with one line less."""
    invoice = _mixed(gross=False)
    credit_note, _standing = _taken_back(invoice, LineAsked(2))
    settle(invoice=invoice, amount_minor=500, received_on=ISSUED.date(), means="transfer", reference=f"case {invoice.pk}")
    made = rectify(
        invoice=invoice,
        reason="New address",
        key=f"case {invoice.pk}",
        operator=settings.OPERATOR,
        now=ISSUED + timedelta(days=4),
        changes={1: LineChange(leave_out=True)} | {at: LineChange(sort="standard") for at in (2, 3, 4)},
    )
    assert str(credit_note.number) in str(list(made.lines.values_list("text")))
    return made, standing_of(invoice=made)


def already_paid() -> Case:
    invoice = make_issued()
    return invoice, Standing(prepaid_minor=invoice.total_minor, paid_on=date(2026, 10, 30))


def partly_paid() -> Case:
    return make_issued(), Standing(prepaid_minor=10_000)


def nothing_used() -> Case:
    return make_issued(lines=[line("Nothing used", "0", "hour", "1")]), Standing()


def below_nothing() -> Case:
    return make_issued(lines=[line("Credit for an outage", "-1", "month", "50")]), Standing()


def tiny_prices() -> Case:
    lines = [
        line("Requests", "183992117", "request", "0.000000012345"),
        line("Seconds of a function", "10000000", "second", "0.000000000125"),
        line("Hours, to the millionth", "12.345678", "hour", "0.8"),
        line("Hours whose rounding would show", "0.00005", "hour", "12345.67"),
        line("Provider's cost plus 12.5 %", "17.123456", "USD", "1.00113625"),
        line("A quantity of more digits than may be written", "1234567890123456.78912", "GB", "0.000000000001"),
    ]
    return make_issued(lines=lines), Standing()


def three_thousand_lines() -> Case:
    return make_issued(lines=[line(f"Machine {number:04d}", "744.5", "hour", "0.085") for number in range(3000)]), Standing()


def named(name: str) -> Callable[[], Case]:
    return lambda: (make_issued(buyer=buyer(name=name)), Standing())


def foreign_currency() -> Case:
    exchange = {"base": "USD", "quote": "EUR", "rate": "0.89", "dated_on": "2026-10-31", "source": "ECB"}
    return make_issued(currency="USD", tax_home_minor=5376, exchange=exchange), Standing()


def no_cents() -> Case:
    exchange = {"base": "JPY", "quote": "EUR", "rate": "0.006", "dated_on": "2026-10-31", "source": "ECB"}
    lines = [_yen("Storage", "745", "GB", "1.37"), _yen("Subscription", "1", "month", "500")]
    return make_issued(currency="JPY", lines=lines, tax_home_minor=182, exchange=exchange), Standing()


def _yen(text: str, quantity: str, unit: str, price: str) -> dict[str, Any]:
    return {**line(text, quantity, unit, price), "net_minor": int(round_half_up(Decimal(quantity) * Decimal(price), 0))}


def trial() -> Case:
    said = ["Trial: this document is not a bill, and nothing on it is owed.", *mentions()]
    return make_issued(trial=True, mentions=said), Standing()


def controls_in_a_name() -> Case:
    return make_issued(
        buyer=buyer(name="Ate\x07lier\u202e Vega", street="8 rue des Étoiles\nBâtiment C\nÉtage 2\nPorte 4")
    ), Standing()


CASES: dict[str, Callable[[], Case]] = {
    "a French company": french_company,
    "a French company without a SIREN": french_company_without_siren,
    "a French consumer": french_consumer,
    "a consumer with an address for bills": consumer_with_an_address_for_bills,
    "reverse charge": reverse_charge,
    "outside the EU": outside_the_eu,
    "export": export,
    "an overseas department": overseas_department,
    "a department without VAT": untaxed_department,
    "a consumer of another member state": consumer_of_another_state,
    "a discount": discount,
    "a voucher": voucher,
    "a late correction": late_correction,
    "a credit note": credit_note,
    "a corrected invoice": corrected_invoice,
    "lines at two rates taken back": lines_at_two_rates_taken_back,
    "lines with tax taken back": lines_with_tax_taken_back,
    "an amount at two rates taken back": amount_at_two_rates_taken_back,
    "replaced by billing": replaced_by_billing,
    "already paid": already_paid,
    "partly paid": partly_paid,
    "nothing used": nothing_used,
    "below nothing": below_nothing,
    "tiny unit prices": tiny_prices,
    "3,000 lines": three_thousand_lines,
    "a Chinese name": named("北京云计算有限公司"),
    "an Arabic name": named("شركة السحابة العربية"),
    "a Greek name": named("Ελληνικό Νέφος"),
    "another currency": foreign_currency,
    "a currency without cents": no_cents,
    "a trial": trial,
    "control characters in a name": controls_in_a_name,
}
