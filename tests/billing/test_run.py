"""The bill run: what it issues, and what it leaves alone."""

from decimal import Decimal

import pytest

from bonafide.billing.models import Invoice
from bonafide.billing.verify import Verified, verify_books
from bonafide.pricing.rating import PerUnit
from tests.factories.accounts import make_account
from tests.factories.billing import issue, make_meter, make_plan, use

pytestmark = pytest.mark.django_db


def test_a_month_is_billed_numbered_and_sealed() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    for n in range(3):
        use(make_account(), meter, f"{10 + n}.5")

    result = issue()

    assert (result.issued, result.already, result.stopped) == (3, 0, [])
    bills = list(Invoice.objects.order_by("position"))
    assert [bill.number for bill in bills] == ["2024-000001", "2024-000002", "2024-000003"]
    assert [(bill.net_minor, bill.tax_minor, bill.total_minor) for bill in bills] == [
        (840, 168, 1008),
        (920, 184, 1104),
        (1000, 200, 1200),
    ]
    assert isinstance(verify_books(), Verified), verify_books()
