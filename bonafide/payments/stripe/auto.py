"""Automatic payment: a customer agrees, in words that are kept, that bills are charged while they are away; and ends it again.

It is never on by itself. The words are a mandate for payments that we begin (PSD2: Directive (EU) 2015/2366, Reg. (EU) 2018/389:
the person is authenticated when the means of payment is saved, and agrees to what is charged, when and by what), and for a
SEPA debit the agreement to fewer days of notice than the 14 of the SEPA Core rulebook.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bonafide.accounts.models import Account, User
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.stripe.auto_letters import tell_chosen, tell_ended
from bonafide.payments.stripe.models import AutoPay, Method


class AutoPayRefused(Refused):
    """Automatic payment that cannot begin so."""


def words_of(*, method: Method, operator: Operator, language: str) -> str:
    """What is agreed to, in one text: by what, how much, when, with which notice, and how it ends."""
    with translation.override(language):
        name = operator.identity.legal_name
        said = [
            _(
                "I agree that %(name)s charges each bill of the account “%(account)s” by itself, by %(method)s, while I am away: "
                "what is open of the bill, from the day on which it is due."
            )
            % {"name": name, "account": method.account.name, "method": described(method)}
        ]
        if method.kind == Method.Kind.SEPA_DEBIT:
            days = operator.stripe.debit_notice_days
            said.append(
                ngettext(
                    "The bill announces the debit, at least %(days)s day before; this is instead of the 14 days of the SEPA Core "
                    "scheme. The reference of the mandate is %(mandate)s.",
                    "The bill announces the debit, at least %(days)s days before; this is instead of the 14 days of the SEPA "
                    "Core scheme. The reference of the mandate is %(mandate)s.",
                    days,
                )
                % {"days": days, "mandate": method.mandate or "-"}
            )
        said.append(_retries(operator))
        said.append(
            _("I can end this at any time on the page of payment methods, with one click; bills are then paid otherwise.")
        )
        return " ".join(said)


def _retries(operator: Operator) -> str:
    days = operator.stripe.retry_days
    if not days:
        return _("A payment that is declined is not tried again by itself.")
    *before, last = [str(day) for day in days]
    listed = _("%(first)s and %(last)s") % {"first": ", ".join(before), "last": last} if before else last
    return ngettext(
        "A payment that is declined is tried again, %(days)s day after the first time.",
        "A payment that is declined is tried again, %(days)s days after the first time.",
        days[-1],
    ) % {"days": listed}


def described(method: Method) -> str:
    """A means of payment as people say it, in the language that is active."""
    if method.kind == Method.Kind.CARD:
        return _("%(brand)s card ending in %(last4)s") % {"brand": method.brand.replace("_", " ").title(), "last4": method.last4}
    return _("SEPA direct debit from the bank account ending in %(last4)s") % {"last4": method.last4}


def digest(words: str) -> str:
    """What a form sends back, so that nothing is agreed to but what was shown."""
    return sha256(words.encode()).hexdigest()


def choose_auto_pay(*, method: Method, words: str, by: User | None, language: str, operator: Operator, now: datetime) -> AutoPay:
    """Have bills charged to ``method`` from now on; one that was chosen before ends with it. The same again changes nothing.

    :param words: what the person was shown, which must be what it says now.
    :raises AutoPayRefused: for a means of payment that was removed, or words that are not today's.
    """
    if words != words_of(method=method, operator=operator, language=language):
        raise AutoPayRefused("what is agreed to has changed since the page was opened: read it again and agree once more")
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=method.account_id)
        if not Method.objects.filter(pk=method.pk, removed_at=None).exists():
            raise AutoPayRefused("this means of payment was removed: choose another, or save one")
        before = AutoPay.objects.select_for_update(no_key=True).filter(account=account, ended_at=None).first()
        if before and (before.method_id, before.words) == (method.pk, words):
            return before
        if before:
            before.ended_at, before.ended_by = now, by
            before.save(update_fields=["ended_at", "ended_by"])
        made = AutoPay.objects.create(account=account, method=method, words=words, agreed_by=by, agreed_at=now)
        tell_chosen(auto_pay=made, operator=operator, now=now)
    return made


def end_auto_pay(*, account: Account, by: User | None, operator: Operator, now: datetime) -> bool:
    """Nothing is charged by itself from now on; false when nothing was. A debit that is on its way stays on its way."""
    with transaction.atomic():
        chosen = AutoPay.objects.select_for_update(no_key=True).filter(account=account, ended_at=None).first()
        if chosen is None:
            return False
        end_in_transaction(auto_pay=chosen, by=by, operator=operator, now=now)
    return True


def end_in_transaction(*, auto_pay: AutoPay, by: User | None, operator: Operator, now: datetime) -> None:
    """End it, its row being locked, and say so by letter."""
    auto_pay.ended_at, auto_pay.ended_by = now, by
    auto_pay.save(update_fields=["ended_at", "ended_by"])
    tell_ended(auto_pay=auto_pay, operator=operator, now=now)
