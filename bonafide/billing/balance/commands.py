"""``bonafide bills grant`` and ``bonafide bills charge``: what an account has, and is charged, besides usage."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import click
from django.conf import settings

from bonafide.accounts.models import Account
from bonafide.billing.balance.grant import GrantRefused
from bonafide.billing.balance.grant import grant as give
from bonafide.billing.balance.one_off import ChargeRefused, charge_once
from bonafide.errors import Refused
from bonafide.money import exponent, from_minor, is_currency, scaled
from bonafide.operator import Operator


class UnknownAccount(Refused):
    """No account has this reference."""


@click.command()
@click.argument("account")
@click.option(
    "--kind",
    type=click.Choice(["voucher", "credit", "prepaid"]),
    required=True,
    help="voucher and credit are taken off before tax; prepaid is money that came, and pays what is left.",
)
@click.option("--amount", required=True, help="Such as 30.00; before tax, but for what was paid in advance.")
@click.option("--currency", default="", help="By default that of the books.")
@click.option("--reason", required=True, help="Why; the customer reads it.")
@click.option("--from", "starts_on", default="", metavar="YYYY-MM-DD", help="By default today; when the money came.")
@click.option("--until", "expires_on", default="", metavar="YYYY-MM-DD", help="Its last day; by default it does not expire.")
@click.option("--means", default="", help="How money in advance came: transfer, card.")
@click.option("--reference", default="", help="The bank's or the provider's own id of that payment.")
@click.option("--key", default="", help="Of your own: the same key again grants nothing more.")
def grant(
    account: str,
    kind: str,
    amount: str,
    currency: str,
    reason: str,
    starts_on: str,
    expires_on: str,
    means: str,
    reference: str,
    key: str,
) -> None:
    """Give an account a voucher, a credit, or note what it paid in advance; its next bills use it.

    \b
    Example: bonafide bills grant C-7KQ2MNPX --kind credit --amount 30.00 --reason "Outage of 12 September"
    """
    operator: Operator = settings.OPERATOR
    currency = currency or operator.billing.currency
    minor = _minor(amount, currency)
    said = key or _key("grant", account, kind, str(minor), currency, reason, starts_on, expires_on, means, reference)
    made = give(
        account=_account(account),
        kind=kind,
        currency=currency,
        amount_minor=minor,
        reason=reason,
        key=said,
        operator=operator,
        now=datetime.now(UTC),
        starts_on=_day(starts_on),
        expires_on=_day(expires_on),
        means=means,
        reference=reference,
    )
    until = f", until the end of {made.expires_on}" if made.expires_on else ""
    click.echo(f"{kind} for account {account}: {from_minor(minor, currency)} {currency} from {made.starts_on}{until}")


@click.command()
@click.argument("account")
@click.option("--amount", required=True, help="The price of one, as the prices of its plan: 49.00")
@click.option("--quantity", default="1", help="How many; by default one.")
@click.option("--text-en", required=True, help="What the bill says, in English.")
@click.option("--text-fr", required=True, help="The same in French.")
@click.option(
    "--on", "charged_on", default="", metavar="YYYY-MM-DD", help="Its day: it is on the bill of that month. Default: today."
)
@click.option("--currency", default="", help="By default that of the account's plan.")
@click.option("--sort", default="standard", help="Sort of supply, where it is not taxed at the standard rate.")
@click.option("--key", default="", help="Of your own: the same key again charges nothing more.")
def charge(
    account: str,
    amount: str,
    quantity: str,
    text_en: str,
    text_fr: str,
    charged_on: str,
    currency: str,
    sort: str,
    key: str,
) -> None:
    """Charge an account something once: a line on the bill of its month, or on the next one that is issued.

    \b
    Example: bonafide bills charge C-7KQ2MNPX --amount 49 --text-en "Set-up" --text-fr "Mise en service" --on 2024-09-12
    """
    operator, now = settings.OPERATOR, datetime.now(UTC)
    made = charge_once(
        account=_account(account),
        unit_price=_number(amount),
        quantity=_number(quantity),
        text_en=text_en,
        text_fr=text_fr,
        charged_on=_day(charged_on) or now.astimezone(operator.zone).date(),
        key=key or _key("charge", account, amount, quantity, text_en, text_fr, charged_on, currency, sort),
        operator=operator,
        now=now,
        currency=currency,
        sort=sort,
    )
    total = f"{from_minor(made.amount_minor, made.currency)} {made.currency}"
    click.echo(f"charge for account {account}: {total}, on the bill of {made.charged_on:%Y-%m} or the next")


def _account(reference: str) -> Account:
    found = Account.objects.filter(reference=reference).first()
    if found is None:
        raise UnknownAccount(f"no account {reference}: 'bonafide bills list' names accounts, and so does the back office")
    return found


def _key(*parts: str) -> str:
    """Without a key of the caller's, the same words again are the same thing."""
    return f"command {sha256(chr(0).join(parts).encode()).hexdigest()}"


def _minor(amount: str, currency: str) -> int:
    try:
        if is_currency(currency):
            return scaled(Decimal(amount), exponent(currency))
    except (ArithmeticError, ValueError):
        pass
    raise GrantRefused(f"amount {amount!r} in {currency!r}: expected a number and a currency, such as 30.00 in EUR")


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ChargeRefused(f"{text!r}: expected a number, such as 49.00") from None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise GrantRefused(f"day {text!r}: expected YYYY-MM-DD") from None
