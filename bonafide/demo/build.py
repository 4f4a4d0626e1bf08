"""Fills an empty instance as its months would have: customers, usage, two months closed and billed, some of it paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import translation

from bonafide.accounts.models import Account, Membership, User, VatCheck
from bonafide.billing.models import Invoice
from bonafide.billing.run import issue_month
from bonafide.billing.settle import settle
from bonafide.contracts.models import Notice
from bonafide.contracts.notices import Said, give_notice
from bonafide.contracts.order import place_order, show
from bonafide.demo.customers import CUSTOMERS, PASSWORD, PEOPLE, STAFF_APP
from bonafide.demo.generate import SOURCE, usage
from bonafide.documents.render_pending import note_issued, render_pending
from bonafide.operator import Operator
from bonafide.outgoing.client import note
from bonafide.outgoing.processors import recipient_of
from bonafide.outgoing.words import LETTER, Field
from bonafide.periods import Month
from bonafide.pricing.import_prices import import_prices
from bonafide.pricing.models import Plan
from bonafide.sign_in.factors.sealing import seal
from bonafide.terms.attest import attest
from bonafide.terms.audit import audit
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.versions import make_version
from bonafide.usage.drafts import Draft
from bonafide.usage.receive import receive

PRICES = Path(__file__).parent / "cloud.toml"
PLANS = Path(__file__).parent / "plans.toml"
BATCH = 10_000


def build(*, operator: Operator, now: datetime, on_progress: Callable[[str], None]) -> None:
    """Make everything, as of ``now``; the two months before it are closed and billed on the first of the month after."""
    this = Month.of(now, operator.zone)
    months = (this.previous().previous(), this.previous())
    start = months[0].start(operator.zone)
    on_progress("Prices, customers and the people who sign in")
    for file in (PRICES, PLANS):
        import_prices(text=file.read_text(encoding="utf-8"), name=file.name, today=now.date())
    _make_customers(now=start - timedelta(days=20))
    _pass_on(operator=operator, now=start - timedelta(days=20))
    on_progress("Three months of hourly usage")
    _send(usage(start=start, end=now), operator=operator, now=now)
    for number, month in enumerate(months):
        on_progress(f"Closing {month} and issuing its bills")
        issued_at = month.end(operator.zone) + timedelta(hours=6)
        issue_month(month=month, operator=operator, now=issued_at)
        if number == 0:
            _send_late(month=month, operator=operator, now=issued_at + timedelta(days=1))
            _pay(month=month, today=now)
    on_progress("Printing the bills and checking the promises")
    note_issued()
    while render_pending(now=now, limit=BATCH).done:
        pass
    make_version(operator=operator, now=start - timedelta(days=20))
    _stand_for(today=now.astimezone(operator.zone).date())
    _order(operator=operator, now=now)
    audit(operator=operator, now=now)


def _order(*, operator: Operator, now: datetime) -> None:
    """A consumer ordered a plan a moment ago, and somebody cancels what staff have to find."""
    account = Account.objects.get(reference="theo-marchand")
    person, plan = User.objects.get(username="theo"), Plan.objects.get(code="nordlys-start")
    with translation.override(person.language):
        shown = show(account=account, plan=plan, language=person.language, operator=operator, now=now)
        place_order(
            account=account,
            plan=plan,
            user=person,
            language=person.language,
            digest=shown.summary.digest,
            begin_at_once=True,
            key="demo",
            operator=operator,
            now=now,
        )
    said = Said(
        kind=Notice.Kind.CANCELLATION,
        key="demo",
        name="Léa Roussel",
        email="lea@customers.example",
        contract="Nordlys",
        language="fr",
    )
    give_notice(said=said, person=None, operator=operator, now=now)


def _stand_for(*, today: date) -> None:
    """What no machine can prove is attested, as a real operator's director would."""
    for clause in CLAUSES:
        if clause.check is None:
            attest(
                clause_id=clause.id,
                by="Camille Nordin",
                capacity="managing director",
                today=today,
                last_day=today + timedelta(days=90),
            )


def _make_customers(*, now: datetime) -> None:
    with transaction.atomic():
        accounts = {}
        for customer in CUSTOMERS:
            values = asdict(customer)
            for ours in ("machines", "storage_gb", "requests_per_hour", "pays"):
                del values[ours]
            accounts[customer.reference] = Account.objects.create(**values, created_at=now)
        _check_vat_numbers(accounts, now=now)
        for person in PEOPLE:
            user = User(username=person.username, email=f"{person.username}@customers.example", language=person.language)
            user.is_staff = user.is_superuser = person.staff
            user.date_joined = now
            user.set_password(PASSWORD)
            user.save()
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
            if person.staff:  # who must have a second factor, as everywhere
                app = {"secret": seal(STAFF_APP), "last_step": -1}
                Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=app, created_at=now)
            for reference, role in person.roles:
                Membership.objects.create(user=user, account=accounts[reference], role=role, created_at=now)


def _check_vat_numbers(accounts: Mapping[str, Account], *, now: datetime) -> None:
    """What VIES would have answered; a trial does not ask it."""
    vega = {"name": "ATELIER VEGA", "address": "8 RUE DES TANNEURS\n69005 LYON"}
    answers: tuple[tuple[str, VatCheck.Outcome, dict[str, str]], ...] = (
        ("atelier-vega", VatCheck.Outcome.VALID, {"consultation_number": "WAPIAAAAZDEMOVEGA", **vega}),
        ("hafen-software", VatCheck.Outcome.VALID, {"consultation_number": "WAPIAAAAZDEMOHAFEN"}),  # Germany names nobody
        ("orto-verde", VatCheck.Outcome.INVALID, {"consultation_number": "WAPIAAAAZDEMOORTO"}),
    )
    for reference, outcome, said in answers:
        account = accounts[reference]
        VatCheck.objects.create(account=account, number=account.vat_number, outcome=outcome, asked_at=now, **said)


def _pass_on(*, operator: Operator, now: datetime) -> None:
    """What the invented mailer would have been given: the letter by which each person confirmed their address."""
    mailer = recipient_of(host="smtp.pigeon.example", operator=operator)
    assert mailer  # noqa: S101 - as below
    for person in User.objects.values_list("pk", flat=True):
        note(
            recipient=mailer,
            fields=(Field.EMAIL, Field.USERNAME, Field.LETTER),
            clause="U1",
            occasion=LETTER,
            now=now,
            person_id=person,
        )


def _send(drafts: Iterable[Draft], *, operator: Operator, now: datetime) -> None:
    stream = iter(drafts)
    while batch := list(islice(stream, BATCH)):
        received = receive(drafts=batch, origin=SOURCE, zone=operator.zone, now=now)
        assert not received.rejected, received.rejected[:3]  # noqa: S101 - a fault of this file, not of anybody's input


def _send_late(*, month: Month, operator: Operator, now: datetime) -> None:
    """Six hours of a machine that were reported only after their month was billed."""
    customer = CUSTOMERS[0]
    first = month.end(operator.zone) - timedelta(hours=6)
    late = [
        Draft(
            position=hour,
            source=SOURCE,
            id=f"{customer.reference}-late-{hour}",
            account=customer.reference,
            meter="dev1-l-hours",
            time=(first + timedelta(hours=hour)).isoformat(),
            quantity="1",
            dimensions={"resource": "atelier-web-3"},
        )
        for hour in range(6)
    ]
    _send(late, operator=operator, now=now)


def _pay(*, month: Month, today: datetime) -> None:
    """Customers who pay their bills have paid this month's within nine days."""
    paying = {customer.reference: days for days, customer in enumerate(CUSTOMERS) if customer.pays}
    for invoice in Invoice.objects.filter(month=month.key, total_minor__gt=0).select_related("account").order_by("pk"):
        days = paying.get(invoice.account.reference)
        if days is not None and invoice.issued_on:
            settle(
                invoice=invoice,
                amount_minor=invoice.total_minor,
                received_on=min(invoice.issued_on + timedelta(days=1 + days % 9), today.date()),
                means="bank transfer",
                reference=f"demo-{invoice.number}",
            )
