"""Where staff mend what stops a bill, and what they do about a flag; in their language."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.accounts.models import Account
from bonafide.billing.tax.places import registration_in

Text = str | Promise


class Mend(NamedTuple):
    """``what`` is missing, ``act`` is what the link says, ``page`` the route it leads to. ``once``: mended for all at once."""

    what: Text
    act: Text
    page: str
    once: bool = False


MENDS: dict[str, Mend] = {
    "rate": Mend(
        gettext_lazy("No exchange rate"), gettext_lazy("Enter the exchange rate"), "admin:pricing_exchangerate_add", once=True
    ),
    "plan": Mend(gettext_lazy("No plan"), gettext_lazy("Give the account a plan"), "admin:pricing_subscription_add"),
    "price": Mend(
        gettext_lazy("Usage without a price"), gettext_lazy("See the prices"), "admin:pricing_price_changelist", once=True
    ),
    "usage": Mend(gettext_lazy("Usage that cannot be billed"), gettext_lazy("Open the account"), "admin:accounts_account_change"),
    "address": Mend(
        gettext_lazy("An address that VAT does not know"), gettext_lazy("Open the account"), "admin:accounts_account_change"
    ),
    "place": Mend(
        gettext_lazy("Where the consumer is"),
        gettext_lazy("Decide where the consumer is"),
        "admin:billing_locationquestion_changelist",
    ),
    "": Mend(gettext_lazy("Something else"), gettext_lazy("Open the account"), "admin:accounts_account_change"),
}


def mend_of(code: str) -> Mend:
    """What stopped a bill, by the code on its row."""
    return MENDS.get(code, MENDS[""])


def link_of(code: str, account: Account | None) -> str:
    """The page where it is mended; without an account, of what is mended for all at once."""
    page = mend_of(code).page
    if page == "admin:accounts_account_change":
        return reverse(page, args=[account.pk]) if account else ""
    asked: dict[str, str | int] = {}
    if account and page == "admin:pricing_subscription_add":
        asked = {"account": account.pk}
    if account and page == "admin:billing_locationquestion_changelist":
        asked = {"q": account.reference}
    return f"{reverse(page)}?{urlencode(asked)}" if asked else reverse(page)


def flag_said(flag: str) -> str:
    """What staff should do about a flag of a treatment; ``rehearse.flag_text`` says the same on the command line."""
    name, _colon, system = flag.partition(":")
    if name == "oss_beyond_threshold":
        return _(
            "Sales to consumers elsewhere in the EU are above the threshold (Directive 2006/112/EC art. 59c): register for the "
            'one-stop shop and set tax.oss = "registered".'
        )
    if name == "register":
        where = registration_in(system)
        return _("Consumers in %(system)s: sellers from abroad must register for VAT there (%(where)s).") % {
            "system": system,
            "where": where,
        }
    return _("Consumers in %(system)s: look up whether sellers from abroad must register for VAT there.") % {"system": system}
