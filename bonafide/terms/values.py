"""What fills the places of the clauses, and which paragraphs hold for some operators only: all of it from the operator's file."""

from __future__ import annotations

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bonafide.accounts.countries import country_name
from bonafide.accounts.vat_numbers import vies_is_asked
from bonafide.holdings import Kind
from bonafide.mail.purposes import PURPOSES
from bonafide.operator import Operator
from bonafide.outgoing.processors import declared


def host(operator: Operator, language: str) -> dict[str, object]:
    identity, hosting = operator.identity, operator.hosting
    return {
        "trade_name": identity.trade_name,
        "legal_name": identity.legal_name,
        "legal_form": identity.legal_form,
        "trade_register": identity.trade_register,
        "registration": identity.registration,
        "host": hosting.host_name,
        "website": hosting.host_website,
        "region": hosting.region,
        "country": country_name(hosting.country, language),
    }


def month(operator: Operator, language: str) -> dict[str, object]:
    return {"zone": operator.service.time_zone, "days": operator.billing.payment_days}


def logs(operator: Operator, language: str) -> dict[str, object]:
    return {"days": operator.logs.days, "folders": len(operator.logs.directories)}


def retention(operator: Operator, language: str) -> dict[str, object]:
    return {"months": operator.retention.ip_months, "history": operator.retention.history_months}


def access_log(operator: Operator) -> tuple[str | Promise, ...]:
    if operator.logs.access == "off":
        return (_("The console itself keeps no log of requests."),)
    holds = _(
        "The console writes a line for each request: when, which kind of page, how it ended, how long it took, from which IP "
        "address and, for who is signed in, the number of the login. Names, links and what was typed are not in it."
    )
    if operator.logs.access == "truncated":
        return (holds, _("The last part of the address is cut off before the line is written."))
    return (holds,)


def vat_numbers_are_checked(operator: Operator) -> tuple[str | Promise, ...]:
    if not vies_is_asked(operator):
        return ()
    return (
        _(
            "A VAT number of the EU is checked with VIES, the register of the member states that the European Commission "
            "runs. The number is sent there, with ours and nothing else, and the answer is kept as evidence."
        ),
    )


def empty_months(operator: Operator) -> tuple[str | Promise, ...]:
    if operator.billing.zero_bills == "skip":
        return (_("A month in which nothing is owed gives none."),)
    return (_("A month whose usage comes to nothing gives one too, and it says so."),)


def ways_to_pay(operator: Operator) -> tuple[str | Promise, ...]:
    ways = []
    if operator.bank is not None:
        ways.append(_("Each bill can be paid by bank transfer: it names our account, the amount and the reference to give."))
    if operator.stripe.enabled:
        ways += [
            _BY_STRIPE["card" in operator.stripe.methods, "sepa_debit" in operator.stripe.methods],
            _("To that page we send who pays, which bill and how much; what you type there goes to Stripe and never to us."),
        ]
    return tuple(ways) or (_("How a bill can be paid is agreed with us: it names no bank account yet."),)


_BY_STRIPE = {
    (True, True): _("Each bill can be paid by card or SEPA direct debit, on a page of Stripe."),
    (True, False): _("Each bill can be paid by card, on a page of Stripe."),
    (False, True): _("Each bill can be paid by SEPA direct debit, on a page of Stripe."),
}


def charged_by_itself(operator: Operator) -> tuple[str | Promise, ...]:
    if not operator.stripe.enabled:
        return ()
    return (
        _(
            "Nothing is charged by itself unless somebody of your account chose that, in words that are kept and confirmed by "
            "letter. It ends as soon as you say so."
        ),
    )


def further_profile(operator: Operator) -> tuple[str | Promise, ...]:
    """What is checked, and what stands here of a card that is saved elsewhere."""
    if not operator.stripe.enabled:
        return vat_numbers_are_checked(operator)
    saved = _(
        "A card or bank account that you choose to save is kept by Stripe. Here stand its kind, its last four digits, and until "
        "when it holds or the reference of its mandate."
    )
    return (saved, *vat_numbers_are_checked(operator))


def letters(operator: Operator, language: str) -> dict[str, object]:
    written = [purpose for purpose in PURPOSES if purpose.is_written and not purpose.for_staff]
    return {
        "letters": ", ".join(_inside(str(purpose.name)) for purpose in written),
        "refusable": ", ".join(_inside(str(purpose.name)) for purpose in written if purpose.refusable),
        "email": operator.identity.email,
    }


def _inside(name: str) -> str:
    """A name in the middle of a sentence: "your bill", but "API keys"."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def purposes(operator: Operator) -> dict[str, dict[str, str]]:
    """By code; a purpose more, or one that can no longer be refused, promises less."""
    written = [purpose for purpose in PURPOSES if purpose.is_written and not purpose.for_staff]
    with translation.override("en"):
        return {purpose.code: {"name": str(purpose.name), "kind": str(purpose.kind)} for purpose in written}


def recipients(operator: Operator, language: str) -> dict[str, object]:
    with translation.override(language):
        names = ", ".join(f"{one.name} ({where(one.country, language)})" for one in declared(operator))
    return {"recipients": names, "notice": operator.terms.notice_days}


def where(country: str, language: str) -> str:
    return country_name(country, language) if country else str(_("if you choose it"))


def floors(operator: Operator) -> tuple[str | Promise, ...]:
    if not operator.retention.floors:
        return ()
    said = _("By law we keep %(what)s for %(months)d months after %(since)s (%(basis)s).")
    since = {"end": _("the contract has ended"), "event": _("each was made")}
    return tuple(
        str(said)
        % {
            "what": str(Kind(floor.data).label),
            "months": floor.months,
            "since": str(since[floor.after]),
            "basis": floor.basis.replace("%", "%%"),
        }
        for floor in operator.retention.floors
    )


def floors_by_name(operator: Operator) -> dict[str, dict[str, str]]:
    return {
        f"{floor.data}.{floor.after}": {"name": floor.data, "months": str(floor.months)} for floor in operator.retention.floors
    }


def withdrawing(operator: Operator) -> tuple[str | Promise, ...]:
    if not operator.consumers.sells_to_consumers:
        return (_("Only companies and other organisations order here, so nobody has a period for withdrawing."),)
    days = operator.consumers.withdrawal_days
    return (
        str(
            _(
                "Who ordered as a consumer may withdraw within %(days)d days, by a link and a button, signed in or not. A letter "
                "confirms it with the day and the time, and the plan ends at once."
            )
        )
        % {"days": days},
        _(
            "Who had expressly asked that the service begin at once owes the part of the price for what was supplied until then, "
            "anybody else nothing. What was paid beyond that goes back within 14 days."
        ),
    )


def cancelling(operator: Operator) -> tuple[str | Promise, ...]:
    days, answer = operator.consumers.notice_days, operator.consumers.answer_days
    ends = (
        str(
            ngettext(
                "It ends %(days)d day after the notice, or on a later day that you choose.",
                "It ends %(days)d days after the notice, or on a later day that you choose.",
                days,
            )
        )
        % {"days": days}
        if days
        else _("It ends with the day of the notice, or on a later day that you choose.")
    )
    found = ngettext(
        "Where a notice does not say clearly which contract it means, our staff find it within %(days)d day.",
        "Where a notice does not say clearly which contract it means, our staff find it within %(days)d days.",
        answer,
    )
    return (ends, str(found) % {"days": answer})


def contact(operator: Operator, language: str) -> dict[str, object]:
    return {"email": operator.identity.email, "trade_name": operator.identity.trade_name}
