"""Bills of every model of price and every kind of meter, issued by the real run from real events, some of them late."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.periods import Month
from bonafide.pricing.models import Plan, Subscription
from bonafide.pricing.rating import CostPlus, Flat, Graduated, Package, PerUnit, Tier, Volume
from tests.factories.accounts import make_account
from tests.factories.billing import issue, make_plan, make_rate, subscribe
from tests.factories.usage import make_draft, make_meter, take_in

AUGUST, SEPTEMBER = Month(2024, 8), Month(2024, 9)
SEPTEMBER_5, OCTOBER_5 = datetime(2024, 9, 5, 8, tzinfo=UTC), datetime(2024, 10, 5, 8, tzinfo=UTC)
TIERS = (Tier(Decimal(10), Decimal("0.105")), Tier(Decimal(20), Decimal("0.09"), Decimal(3)), Tier(None, Decimal("0.0333")))
# meter -> (group, subject, quantity, time) of its events
EVENTS = {
    "requests": [("", "", "12.345", "2024-09-02T10:00:00Z"), ("", "", "7.1", "2024-09-09T10:00:00.123456Z")],
    "storage": [("fr", "", "25.5", "2024-09-03T10:00:00Z"), ("", "", "1", "2024-09-03T11:00:00Z")],
    "traffic": [("fr", "", "25.5", "2024-09-04T10:00:00Z"), ("de", "", "9.001", "2024-09-04T10:00:00Z")],
    "calls": [("", "", "", f"2024-09-{day:02}T10:00:00Z") for day in range(1, 22)],
    "peak": [("", "", "3", "2024-09-06T10:00:00Z"), ("", "", "8", "2024-09-07T10:00:00Z"), ("", "", "5", "2024-09-08T10:00:00Z")],
    "seats": [("", "", "4", "2024-09-20T10:00:00Z"), ("", "", "9", "2024-09-12T10:00:00Z")],
    "users": [("", who, "", f"2024-09-{day:02}T10:00:00Z") for day, who in enumerate(["ann", "bo", "ann", "cy"], start=1)],
    "hours": [
        ("big", "vm-1", "2", "2024-08-10T10:00:00Z"),
        ("big", "vm-1", "0", "2024-09-10T10:20:00.7Z"),
        ("small", "vm-2", "1", "2024-09-29T23:59:59Z"),
    ],
    "cost": [("", "", "101.123456", "2024-09-05T10:00:00Z"), ("", "", "0.75", "2024-09-06T10:00:00Z")],
}
LATE = {
    "requests": [("", "", "1000", "2024-08-30T10:00:00Z")],
    "traffic": [("fr", "", "15", "2024-08-30T10:00:00Z")],
    "peak": [("", "", "40", "2024-08-30T10:00:00Z")],
    "users": [("", "dee", "", "2024-08-30T10:00:00Z")],
    "seats": [("", "", "3", "2024-08-30T10:00:00Z")],
    "hours": [("small", "vm-3", "1", "2024-08-30T10:00:00Z"), ("small", "vm-3", "0", "2024-09-02T00:00:00Z")],
}


def take(account: Account, events: dict[str, list[tuple[str, str, str, str]]], *, now: datetime) -> None:
    drafts = [
        make_draft(
            account=account, meter=meter, quantity=quantity, time=time, id=f"{meter}-{time}-{number}",
            **({"region": group} if group else {}), **({"who": subject} if subject else {}),
        )
        for meter, rows in events.items()
        for number, (group, subject, quantity, time) in enumerate(rows)
    ]  # fmt: skip
    done = take_in(drafts, now=now)
    assert not done.rejected, done.rejected


def make_everything() -> Account:
    """An account on a plan of every model, with usage of August and September, before any bill."""
    sums = {code: make_meter(code) for code in ("requests", "seated")}
    storage, traffic = (make_meter(code, group_by="region") for code in ("storage", "traffic"))
    calls, peak, seats = (
        make_meter(code, aggregation=kind) for code, kind in (("calls", "count"), ("peak", "max"), ("seats", "latest"))
    )
    users = make_meter("users", aggregation="unique", subject="who", scale=0)
    hours = make_meter("hours", aggregation="hours", subject="who", group_by="region", scale=2)
    cost = make_meter("cost", unit="USD", scale=12)
    account = make_account(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    plan = make_plan(
        (None, Flat(amount=Decimal("9.99"))),
        (sums["requests"], PerUnit(unit_price=Decimal("0.0123"), included=Decimal("1.2"))),
        (sums["seated"], PerUnit(unit_price=Decimal(1), minimum=Decimal(5))),
        (storage, Graduated(tiers=TIERS)),
        (traffic, Volume(tiers=TIERS, split=True, included=Decimal(2))),
        (calls, Package(size=Decimal(10), price=Decimal("0.5"))),
        (peak, PerUnit(unit_price=Decimal("0.7"))),
        (seats, PerUnit(unit_price=Decimal(3))),
        (users, PerUnit(unit_price=Decimal("1.25"), minimum=Decimal(100))),
        (hours, PerUnit(unit_price=Decimal("0.0071"))),
        (cost, CostPlus(markup_percent=Decimal("7.5"))),
    )
    subscribe(account, plan)
    make_rate("USD", "EUR", "0.8912")
    make_rate("USD", "EUR", "0.9", dated_on=date(2024, 8, 30))
    take(account, {"traffic": [("de", "", "5", "2024-08-03T10:00:00Z")]} | {"users": [("", "ann", "", "2024-08-03T10:00:00Z")]},
         now=datetime(2024, 8, 31, tzinfo=UTC))  # fmt: skip
    take(account, {"hours": EVENTS["hours"][:1]}, now=datetime(2024, 8, 31, tzinfo=UTC))
    return account


def split(account: Account) -> None:
    """New prices on 20 August and 9 September, and another plan from half past ten on 16 September."""
    subscription = account.subscriptions.select_related("plan").get()
    plan = subscription.plan
    Plan.objects.filter(pk=plan.pk).update(proration="day")
    other = Plan.objects.create(code="other", name_en="Other", name_fr="Autre", currency="EUR", proration="second")
    for price in list(plan.prices.all()):
        for to, valid_from in ((plan, date(2024, 8, 20)), (plan, date(2024, 9, 9)), (other, date(2020, 1, 1))):
            price.pk, price.plan, price.valid_from = None, to, valid_from
            price.save()
    subscription.ends_on = date(2024, 9, 16)
    subscription.save()
    Subscription.objects.create(
        account=account, plan=other, starts_on=date(2024, 9, 16), starts_at=datetime(2024, 9, 16, 8, 30, tzinfo=UTC)
    )


def issue_everything(*, parts: bool = False) -> Invoice:
    """The bill of September, with late usage of August on it; with ``parts``, both months at several prices."""
    account = make_everything()
    if parts:
        split(account)
    issue(month=AUGUST, now=SEPTEMBER_5)
    take(account, LATE, now=OCTOBER_5)
    take(account, {**EVENTS, "hours": EVENTS["hours"][1:]}, now=OCTOBER_5)
    issue(month=SEPTEMBER, now=OCTOBER_5)
    return Invoice.objects.get(account=account, month=SEPTEMBER.key)
