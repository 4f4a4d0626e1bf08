"""What somebody reads before they order, word for word as it is frozen in the contract (C. conso. L221-5, L221-14, R221-1 annex).

A summary is JSON: ``format``, ``language``, ``offer`` (the figures), ``sections`` (each a title and its paragraphs) and ``form``,
the lines of the model form for withdrawing, empty where nobody may withdraw. It names no day, so that it is the same from the
moment it is shown until the button is pressed; the letter of confirmation names them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bonafide.contracts.offers import Offer
from bonafide.money import format_exact, format_minor
from bonafide.operator import Operator

FORMAT = "bonafide-contract/1"


@dataclass(frozen=True)
class Summary:
    """The text as JSON, whose bytes are kept."""

    text: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def parts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def summarise(*, offer: Offer, consumer: bool, terms_version: int, language: str, operator: Operator) -> Summary:
    """The summary of a plan for one customer; call with ``language`` active."""
    sections = [
        (_("What you order"), [offer.name, *offer.about.split("\n")]),
        (_("What it costs"), _prices(offer, language, operator)),
        (_("How long, and how it ends"), _duration(operator)),
        (_("When it begins"), _begin(consumer, operator)),
    ]
    if consumer:
        sections.append((_("Your right to withdraw"), _withdrawal(operator)))
    sections.append((_("Who sells"), _seller(operator)))
    if consumer:
        sections.append((_("If something is wrong"), _complaints(operator)))
    console = operator.service.console_url
    sections.append(
        (
            _("Terms of service"),
            [
                _("Version %(number)s holds: %(address)s")
                % {"number": terms_version, "address": f"{console}/terms/{terms_version}"}
            ],
        )
    )
    told = {
        "format": FORMAT,
        "language": language,
        "offer": asdict(offer),
        "sections": [{"title": title, "paragraphs": [text for text in texts if text.strip()]} for title, texts in sections],
        "form": _form(offer, operator) if consumer else [],
    }
    return Summary(json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _prices(offer: Offer, language: str, operator: Operator) -> list[str]:
    amount = format_minor(offer.shown_minor, offer.currency, language)
    rate = format_exact(Decimal(offer.rate), language)
    if offer.with_tax:
        total = _("In all %(amount)s a month, VAT of %(rate)s %% included, and what is used beyond it by these prices:")
    else:
        total = _("In all %(amount)s a month before VAT (VAT of %(rate)s %%), and what is used beyond it by these prices:")
    if not offer.shown_minor:
        total = _("Nothing a month by itself; what is used costs, VAT of %(rate)s %% included:")
        if not offer.with_tax:
            total = _("Nothing a month by itself; what is used costs, before VAT of %(rate)s %%:")
    lines = [total % {"amount": amount, "rate": rate}]
    lines += [f"{name}: {'; '.join(said)}." for name, said in offer.items]
    days = operator.billing.payment_days
    lines.append(
        _("Usage is metered as you use it, and shown at %(address)s.") % {"address": f"{operator.service.console_url}/usage"}
    )
    lines.append(
        ngettext(
            "Each calendar month is billed when it is over, and the bill is to be paid within %(days)d day. A month in which "
            "the contract begins or ends is charged by the day.",
            "Each calendar month is billed when it is over, and the bill is to be paid within %(days)d days. A month in which "
            "the contract begins or ends is charged by the day.",
            days,
        )
        % {"days": days}
    )
    return lines


def _duration(operator: Operator) -> list[str]:
    days, address = operator.consumers.notice_days, f"{operator.service.console_url}/cancel"
    said = [_("The contract has no fixed term and is not renewed: it lasts until one of us ends it.")]
    if days:
        told = ngettext(
            "You can cancel at any time at %(address)s; it ends %(days)d day later, or on a later day that you choose.",
            "You can cancel at any time at %(address)s; it ends %(days)d days later, or on a later day that you choose.",
            days,
        )
        return [*said, told % {"address": address, "days": days}]
    told = _("You can cancel at any time at %(address)s; it ends with that day, or on a later day that you choose.")
    return [*said, told % {"address": address}]


def _begin(consumer: bool, operator: Operator) -> list[str]:  # noqa: FBT001 - a fact of the reader
    if not consumer:
        return [_("At once.")]
    return [
        _("On the day after the period for withdrawing, unless you expressly ask that it begin at once."),
        _(
            "If you ask for that and withdraw later, you owe the part of the price for what was supplied until then. "
            "If you do not, you owe nothing (C. conso. L221-25)."
        ),
    ]


def _withdrawal(operator: Operator) -> list[str]:
    days, console = operator.consumers.withdrawal_days, operator.service.console_url
    return [
        _("You may withdraw from this contract within %(days)d days without giving a reason.") % {"days": days},
        _(
            "The period begins with the day after the order and ends with the end of its last day; if that is a Saturday, a "
            "Sunday or a public holiday, with the next working day."
        ),
        _(
            "To withdraw, use “Withdraw from the contract here” at %(address)s, where you need not sign in, or tell us in any "
            "other clear way, for example with the form below, by post or to %(email)s. It is enough to send it before the "
            "period is over."
        )
        % {"address": f"{console}/withdraw", "email": operator.identity.email},
        _(
            "If you withdraw, we pay back what you paid for this contract, at the latest 14 days after the day on which you told "
            "us, by the means by which you paid and without a fee; but for what you owe for a service that began at your request."
        ),
    ]


def _seller(operator: Operator) -> list[str]:
    who = operator.identity
    capital = _(" with a capital of %(amount)s") % {"amount": who.share_capital} if who.share_capital else ""
    return [
        f"{who.legal_name}, {who.legal_form}{capital}, {who.trade_register} {who.registration}",
        f"{who.street}, {who.postcode} {who.city}",
        _("VAT number %(number)s") % {"number": who.vat_number} if who.vat_number else "",
        f"{who.email}, {who.phone}",
    ]


def _complaints(operator: Operator) -> list[str]:
    told = operator.consumers
    said = [
        _("Write to us first: %(email)s, %(phone)s.") % {"email": operator.identity.email, "phone": operator.identity.phone},
        _(
            "The legal guarantee of conformity of digital services is yours for as long as the contract lasts (in France "
            "C. conso. L224-25-12 and following)."
        ),
    ]
    if told.mediator_name:
        said.append(
            _(
                "If we do not settle it, you may turn to this mediator, free of charge: %(name)s, %(address)s, %(website)s "
                "(C. conso. L616-1)."
            )
            % {"name": told.mediator_name, "address": told.mediator_address, "website": told.mediator_website}
        )
    return said


def _form(offer: Offer, operator: Operator) -> list[str]:
    who = operator.identity
    return [
        _("(Fill in this form and send it back only if you want to withdraw from the contract.)"),
        _("To %(name)s, %(address)s, %(email)s:")
        % {"name": who.legal_name, "address": f"{who.street}, {who.postcode} {who.city}", "email": who.email},
        _("I hereby withdraw from the contract for the following service: %(plan)s") % {"plan": offer.name},
        _("Ordered on:"),
        _("Reference of the contract:"),
        _("Name of the consumer:"),
        _("Address of the consumer:"),
        _("Signature of the consumer (only if this form is sent on paper):"),
        _("Date:"),
    ]
