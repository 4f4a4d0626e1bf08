"""The page of saved cards and mandates: what is there, saving one, which is first, taking one away, automatic payment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.access import View, members_only, of_this_account
from bonafide.accounts.models import Membership, User
from bonafide.billing.budgets.tell import HEARS
from bonafide.errors import Refused
from bonafide.payments.stripe.auto import AutoPayRefused, choose_auto_pay, digest, end_auto_pay, words_of
from bonafide.payments.stripe.client import StripeOff, StripeRefused, StripeUnanswered, is_on
from bonafide.payments.stripe.follow import follow
from bonafide.payments.stripe.methods.change import make_default, remove_method, soon_over
from bonafide.payments.stripe.methods.forms import AgreeForm
from bonafide.payments.stripe.models import Attempt, AutoPay, Method
from bonafide.payments.stripe.save import save_method
from bonafide.periods import Month
from bonafide.sessions.hold import hold, holds_by_itself

logger = logging.getLogger(__name__)


class SeeOther(HttpResponseRedirect):
    """To a page that is looked at, after something was sent (RFC 9110, 15.4.4)."""

    status_code = 303


def who_pays(view: View) -> View:
    """For owners and who looks after the bills."""

    @members_only
    def of_payers(request: HttpRequest, membership: Membership, *args: object, **kwargs: object) -> HttpResponse:
        if membership.role not in HEARS:
            raise PermissionDenied
        return view(request, membership, *args, **kwargs)

    return of_payers


@require_safe
@who_pays
def payment_methods(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What is saved, and how bills are paid."""
    return _page(request, membership)


@holds_by_itself
@require_POST
@who_pays
def save(request: HttpRequest, membership: Membership) -> HttpResponse:
    """On to Stripe's page, where a card or an account is given."""
    try:
        attempt = save_method(
            account=membership.account,
            by=_person(request),
            language=get_language() or "",
            operator=settings.OPERATOR,
            now=timezone.now(),
            hold=_still_may(request, membership),
        )
    except StripeOff:
        raise Http404 from None
    except (StripeRefused, StripeUnanswered) as refusal:
        return _no_answer(request, refusal)
    return SeeOther(attempt.url)


@require_safe
@who_pays
def saved(request: HttpRequest, membership: Membership, key: UUID) -> HttpResponse:
    """Back from Stripe's page: what came of it."""
    attempt = Attempt.objects.filter(account=membership.account, way=Attempt.Way.SAVE, key=key).first()
    if attempt is None:
        raise Http404
    came = "open"
    if attempt.intent_id:
        try:
            came = follow(kind="setup_intent", stripe_id=attempt.intent_id, operator=settings.OPERATOR, now=timezone.now())
        except Refused as refusal:
            logger.warning("what was saved is not known yet: %s", refusal)
            messages.info(request, _("Stripe does not answer at the moment. What you saved appears here within minutes."))
            return redirect("payment_methods")
    if came == "saved":
        messages.success(request, _("Saved. Nothing is charged by itself unless you choose so below."))
    else:
        messages.info(request, _("Nothing was saved."))
    return redirect("payment_methods")


@require_POST
@who_pays
@of_this_account(Method, "account")
def first(request: HttpRequest, membership: Membership, method: Method) -> HttpResponse:
    """Have one used first."""
    make_default(method=method)
    messages.success(request, _("Used first from now on."))
    return redirect("payment_methods")


@holds_by_itself
@require_http_methods(["GET", "HEAD", "POST"])
@who_pays
@of_this_account(Method, "account")
def remove(request: HttpRequest, membership: Membership, method: Method) -> HttpResponse:
    """What removing it means; and doing it."""
    if method.removed_at is not None:
        raise Http404
    if request.method == "POST":
        try:
            remove_method(
                method=method,
                by=_person(request),
                operator=settings.OPERATOR,
                now=timezone.now(),
                hold=_still_may(request, membership),
            )
        except StripeOff:
            raise Http404 from None
        except (StripeRefused, StripeUnanswered) as refusal:
            return _no_answer(request, refusal)
        messages.success(request, _("Removed."))
        return redirect("payment_methods")
    charged = AutoPay.objects.filter(method=method, ended_at=None).exists()
    return render(request, "payments/remove_method.html", {"method": method, "charged": charged})


@require_POST
@who_pays
@of_this_account(Method, "account")
def agree(request: HttpRequest, membership: Membership, method: Method) -> HttpResponse:
    """Choose automatic payment, in the words that were shown."""
    if not is_on():
        raise Http404
    language = get_language() or ""
    words = words_of(method=method, operator=settings.OPERATOR, language=language)
    form = AgreeForm(request.POST, shown=digest(words))
    if not form.is_valid():
        return _page(request, membership, form)
    known = {"method": method, "words": words, "language": language, "by": _person(request)}
    try:
        choose_auto_pay(**known, operator=settings.OPERATOR, now=timezone.now())  # type: ignore[arg-type]
    except AutoPayRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, membership, form)
    messages.success(request, _("Bills are paid by themselves from now on. A letter confirms it."))
    return redirect("payment_methods")


@require_POST
@who_pays
def end(request: HttpRequest, membership: Membership) -> HttpResponse:
    """End automatic payment, at once."""
    if end_auto_pay(account=membership.account, by=_person(request), operator=settings.OPERATOR, now=timezone.now()):
        messages.success(request, _("Nothing is charged by itself any more. A letter confirms it."))
    return redirect("payment_methods")


def _page(request: HttpRequest, membership: Membership, form: AgreeForm | None = None) -> HttpResponse:
    account, operator = membership.account, settings.OPERATOR
    month = Month.of(timezone.now(), operator.zone)
    methods = list(Method.objects.filter(account=account, removed_at=None).order_by("-is_default", "-pk"))
    rows = [(method, soon_over(method=method, month=month), _until(method)) for method in methods]
    chosen = AutoPay.objects.filter(account=account, ended_at=None).select_related("method", "agreed_by").first()
    usual = methods[0] if methods else None
    words = ""
    if usual and is_on() and (chosen is None or chosen.method_id != usual.pk):
        usual.account = account
        words = words_of(method=usual, operator=operator, language=get_language() or "")
        form = form or AgreeForm(shown=digest(words))
    given = {
        "rows": rows,
        "chosen": chosen,
        "usual": usual,
        "words": words,
        "form": form if words else None,
        "on": is_on(),
        "bank": operator.bank,
        "account": account,
        "takes_debits": "sepa_debit" in operator.stripe.methods,
    }
    return render(request, "payments/methods.html", given, status=400 if form and form.is_bound else 200)


def _until(method: Method) -> Month | None:
    return Month.from_key(method.expires) if method.expires else None


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]  # members only


def _still_may(request: HttpRequest, membership: Membership) -> Callable[[], None]:
    def look() -> None:
        hold(request)
        if not Membership.objects.filter(pk=membership.pk, role__in=HEARS).exists():
            raise PermissionDenied

    return look


def _no_answer(request: HttpRequest, refusal: Refused) -> HttpResponse:
    logger.warning("a means of payment: %s", refusal)
    messages.error(request, _("Stripe did not answer as expected, so nothing was changed. Try again in a few minutes."))
    return redirect("payment_methods")
