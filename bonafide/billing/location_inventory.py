"""The personal data in evidence of where consumers are, declared as ``bonafide.holdings`` wants it."""

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kept, Kind, Table, Whose

_WHY = _("to tax consumers where they are, and to show the tax office why (Regulation (EU) 282/2011 art. 24b and 24f)")

# Records of the one-stop shop: ten years from the end of the year of the supply (Directive 2006/112/EC art. 369k), which the
# floor for bills covers.
TABLES = (
    Table(
        "billing.LocationEvidence",
        called=_("evidence of where you are"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "kind", "place", "method", "at"),
                what=_("the country that a bank, a card or a network names, how it is known and when; no number and no address"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.location_triggers.install",
                account="account_id",
                since="at",
            ),
        ),
    ),
    Table(
        "billing.LocationQuestion",
        called=_("questions about where you are"),
        plain=("id", "digest", "month"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "items", "asked_at", "place", "reason", "decided_at"),
                what=_("countries that contradict each other, what staff decided, and why"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.location_triggers.install",
                account="account_id",
                since="asked_at",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("decided_by_id",),
                what=_("who of our staff decided where a customer is"),
                whose=Whose.STAFF,
                why=_WHY,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.location_triggers.install",
                person="decided_by_id",
            ),
        ),
    ),
)
