"""Who else gets data: what the operator's file declares, and what follows from its other settings. Nobody else is reached."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from bonafide.holdings import Text
from bonafide.operator import Operator
from bonafide.operator_privacy import Processor
from bonafide.outgoing.guard import bare, is_here
from bonafide.web.templatetags.web import language

HOST, VIES, STRIPE, PROVIDER = "host", "vies", "stripe", "sign-in"  # ids of those that other settings bring along
VIES_HOST = "ec.europa.eu"
STRIPE_HOST = "api.stripe.com"
# Where the GDPR holds: the EU with its regions that have an ISO code of their own (TFEU art. 355(1)), and the EEA (its decision
# 154/2018). Everywhere else asks for a safeguard (GDPR art. 44).
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_REGIONS = "AX GF GP MF MQ RE YT"
_EEA = "IS LI NO"
COVERED = frozenset(f"{_EU} {_REGIONS} {_EEA}".split())


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets data, in the reader's language. ``hosts`` are those that the console connects to by itself.

    ``country`` (ISO 3166-1) is empty where the operator's file does not say it.
    """

    id: str
    name: str
    purpose: Text
    data: Text
    country: str
    contract: Text
    link: str
    safeguard: str = ""
    hosts: tuple[str, ...] = ()


def declared(operator: Operator) -> tuple[Recipient, ...]:
    """Everybody who gets data: the host of the machines, the processors in their order, VIES if it is asked,
    Stripe if bills are paid by it, providers.
    """
    found = [_as_declared(processor) for processor in operator.processors]
    if all(bare(one.name) != bare(operator.hosting.host_name) for one in found):
        found.insert(0, _host(operator))
    derived = [_vies(operator)] if operator.asks_vies else []
    derived += [_stripe()] if operator.stripe.enabled else []
    derived += [
        provider
        for provider in _providers(operator)
        if not any(is_own(host=host, operator=operator) for host in provider.hosts[:1])
    ]
    known = {host for one in found for host in one.hosts}
    return (*found, *(one for one in derived if not known.issuperset(one.hosts)))


def recipient_of(*, host: str, operator: Operator | None = None) -> Recipient | None:
    """Whose the host is; None when it is nobody's that was declared."""
    wanted = bare(host)
    return next((one for one in declared(operator or settings.OPERATOR) if wanted in one.hosts), None)


def is_own(*, host: str, operator: Operator | None = None) -> bool:
    """Whether the host is this machine, or one that ``network.own_hosts`` names."""
    name = bare(host)
    return is_here(name) or name in (operator or settings.OPERATOR).network.own_hosts


def may_be_reached(*, host: str, operator: Operator | None = None) -> bool:
    """Whether the console connects to it at all."""
    return is_own(host=host, operator=operator) or recipient_of(host=host, operator=operator) is not None


def _as_declared(processor: Processor) -> Recipient:
    read = language()
    return Recipient(
        id=processor.id,
        name=processor.name,
        purpose=getattr(processor, f"purpose_{read}"),
        data=getattr(processor, f"data_{read}"),
        country=processor.country,
        contract=processor.contract,
        link=processor.link,
        safeguard=processor.safeguard,
        hosts=processor.hosts,
    )


def _host(operator: Operator) -> Recipient:
    hosting = operator.hosting
    return Recipient(
        id=HOST,
        name=hosting.host_name,
        purpose=_("Runs the machines that this console stands on."),
        data=_("Everything that is kept here lies on their machines."),
        country=hosting.country,
        contract=_("Our contract for the machines."),
        link=hosting.host_website,
    )


def _vies(operator: Operator) -> Recipient:
    return Recipient(
        id=VIES,
        name=_("European Commission (VIES)"),
        purpose=_("Says whether a VAT number of the EU is valid."),
        data=_("The VAT number, with ours; nothing else."),
        country="BE",
        contract=_("None: a register of the EU’s states, by Regulation (EU) No 904/2010."),
        link="https://ec.europa.eu/taxation_customs/vies/",
        hosts=(VIES_HOST,),
    )


def _stripe() -> Recipient:
    return Recipient(
        id=STRIPE,
        name="Stripe Payments Europe, Limited",
        purpose=_("Takes payments of bills on its own pages, where you enter the card or the account."),
        data=_(
            "Name, language and address for bills of the account, the number and the amount of the bill; what you enter there "
            "goes to Stripe alone. Stripe says whether it was paid, and of a saved card its last digits."
        ),
        country="IE",
        contract=_("Stripe’s agreement on processing data; for the payment itself it answers on its own."),
        link="https://stripe.com/privacy",
        safeguard=_("What its company in the USA handles is under the EU–US Data Privacy Framework and standard clauses."),
        hosts=(STRIPE_HOST,),
    )


def _providers(operator: Operator) -> list[Recipient]:
    return [
        Recipient(
            id=f"{PROVIDER}:{provider.id}",
            name=provider.name,
            purpose=_("Vouches for who chooses to sign in with it."),
            data=_("That you sign in here, and when; only if you choose it."),
            country="",
            contract=_("None of ours: you have yours with them."),
            link=provider.issuer,
            hosts=(bare(urlsplit(provider.issuer).hostname), *provider.hosts),
        )
        for provider in operator.sign_in.providers
    ]
