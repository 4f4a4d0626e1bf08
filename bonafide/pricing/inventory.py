"""What this package holds of people: which plan an account is on. Meters, plans, prices and rates are the same for everybody."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import ISSUED_STAYS, Basis, Holding, Kept, Kind, Table, Whose

TABLES = (
    Table(
        "pricing.Subscription",
        called=_("plans of accounts"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "plan_id", "starts_on", "ends_on", "starts_at", "ends_at"),
                what=_("which plan an account is on, from when to when"),
                whose=Whose.CUSTOMERS,
                why=_("to work out bills, and to show how they were worked out"),
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="account_id",
                since="starts_on",
            ),
        ),
    ),
    Table(
        "pricing.Price",
        plain=("id", "plan_id", "code", "meter_id", "valid_from", "name_en", "name_fr", "terms", "sort", "position"),
    ),
    Table("pricing.Meter", plain=("id", "code", "name_en", "name_fr", "unit", "aggregation", "scale", "group_by", "subject")),
    Table(
        "pricing.Plan",
        plain=("id", "code", "name_en", "name_fr", "currency", "is_default", "gross", "offer", "proration", "prorated_from"),
    ),
    # ``source`` is free text of the staff: where a rate was published.
    Table("pricing.ExchangeRate", plain=("id", "base", "quote", "dated_on", "rate", "source", "entered_at")),
    Table("pricing.ClosedMonth", plain=("id", "month", "closed_at")),
)
