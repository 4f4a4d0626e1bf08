"""Staff import bank statements, and decide what the movements are for that do not book themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.payments.models import Receipt
from bonafide.payments.transfers.choose import (
    WHY,
    account_by_reference,
    accounts_named,
    amounts_of,
    choices,
    returnable,
    settled_by,
)
from bonafide.payments.transfers.decide import DecisionRefused, book, return_, set_aside
from bonafide.payments.transfers.forms import FileForm, SeenForm, packed
from bonafide.payments.transfers.import_statement import Imported, import_statement, look_at
from bonafide.payments.transfers.missing import gaps, silent_since
from bonafide.payments.transfers.models import BankStatement, Decision, Movement
from bonafide.payments.transfers.propose import Proposal, doubt_said, propose, propose_for, waiting
from bonafide.sign_in.staff_only import staff_who_may

ROWS = 50
STATEMENTS = 20


@require_safe
@staff_who_may("payments_transfers.view_movement")
def bank_transfers(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, or was decided; a file to import; what was imported lately, and what is missing."""
    now, operator = timezone.now(), settings.OPERATOR
    decided = request.GET.get("show") == "decided"
    found = Movement.objects.filter(decision__isnull=False).order_by("-decision__decided_at", "-pk") if decided else waiting()
    movements = Paginator(
        found.select_related("decision__decided_by", "decision__receipt__account", "decision__returned__receipt__account"), ROWS
    ).get_page(request.GET.get("page"))
    lines = [(movement.as_line(), movement.doubt) for movement in movements]
    proposals: Sequence[Proposal | None] = [None] * len(lines) if decided else propose(lines=lines, now=now)
    rows = [_row(line, proposal, movement) for (line, _d), proposal, movement in zip(lines, proposals, movements, strict=True)]
    return TemplateResponse(
        request,
        "transfers/list.html",
        {
            "page": _accounts(row["accounts"] for row in rows),
            "movements": movements,
            "rows": rows,
            "decided": decided,
            "waiting": waiting().count(),
            "form": FileForm() if request.user.has_perm("payments_transfers.add_bankstatement") else None,
            "bank": operator.bank,
            "statements": BankStatement.objects.select_related("imported_by").order_by("-pk")[:STATEMENTS],
            "gaps": gaps(iban=operator.bank.iban) if operator.bank else [],
            "silent": silent_since(now=now, days=operator.transfers.statement_days),
            "by_itself": operator.transfers.book_certain,
        },
    )


@staff_who_may("payments_transfers.add_bankstatement")
@require_POST
def import_transfers(request: HttpRequest) -> HttpResponse:
    """First what a file would do; then, when that was seen, it is noted and what is certain is booked."""
    now = timezone.now()
    try:
        if "packed" in request.POST:
            seen = SeenForm(request.POST)
            if not seen.is_valid():
                raise DecisionRefused(_("The file was not sent whole: choose it again."))
            given = {"content": seen.cleaned_data["packed"], "name": seen.cleaned_data["name"]}
            done = import_statement(**given, operator=settings.OPERATOR, now=now, by=request.user)  # type: ignore[arg-type]
            _tell(request, done)
            return redirect("bank_transfers")
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            raise DecisionRefused(" ".join(str(error) for errors in form.errors.values() for error in errors))
        file = form.cleaned_data["file"]
        content = file.read()
        looked = look_at(content=content, name=file.name, operator=settings.OPERATOR, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("bank_transfers")
    rows = [_row(proposal.line, proposal) for proposal in looked.proposals[:ROWS]]
    given = {"name": looked.name, "packed": packed(content)}
    return TemplateResponse(
        request,
        "transfers/preview.html",
        {
            "page": _accounts(row["accounts"] for row in rows),
            "looked": looked,
            "rows": rows,
            "more": max(len(looked.proposals) - ROWS, 0),
            "form": SeenForm(initial=given),
            "by_itself": settings.OPERATOR.transfers.book_certain,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_who_may("payments_transfers.view_movement")
def bank_movement(request: HttpRequest, pk: int) -> HttpResponse:
    """One movement: what is proposed and why, other bills to choose, or what was decided."""
    known = Movement.objects.select_related(
        "statement", "alike", "decision__decided_by", "decision__receipt__account", "decision__returned__receipt__account"
    )
    movement = get_object_or_404(known, pk=pk)
    if request.method == "POST":
        if not request.user.has_perm("payments_transfers.add_decision"):
            raise PermissionDenied
        return _decide(request, movement)
    decision: Decision | None = getattr(movement, "decision", None)
    if decision:
        return _decided(request, movement, decision)
    now, words = timezone.now(), request.GET.get("q", "").strip()[:200]
    proposal = propose_for(movement=movement, now=now)
    offered = choices(proposal=proposal, words=words)
    payments = returnable(movement=movement, words=words) if proposal.is_return else []
    named = accounts_named(words) if words and not proposal.is_return else []
    row = _row(proposal.line, proposal, movement)
    shown = [row["accounts"], (one.bill.account_id for one in offered), (one.pk for one in named)]
    return TemplateResponse(
        request,
        "transfers/movement.html",
        {
            "page": _accounts([*shown, (one.account_id for one in payments if one.account_id)]),
            "movement": movement,
            "line": proposal.line,
            "proposal": proposal,
            "row": row,
            "seen": _digest(proposal),
            "choices": offered,
            "accounts": named,
            "payments": payments,
            "kept_for": Account.objects.filter(pk=proposal.match.account_id or 0).first(),
            "words": words,
            "may_decide": request.user.has_perm("payments_transfers.add_decision"),
        },
    )


def _decided(request: HttpRequest, movement: Movement, decision: Decision) -> HttpResponse:
    receipt = decision.receipt or (decision.returned.receipt if decision.returned else None)
    bills = settled_by(receipt) if receipt else []
    accounts = [bill.account_id for bill, _minor in bills] + ([receipt.account_id] if receipt and receipt.account_id else [])
    given = {"movement": movement, "line": movement.as_line(), "decision": decision, "receipt": receipt, "bills": bills}
    return TemplateResponse(request, "transfers/decided.html", {"page": _accounts([accounts]), **given})


def _decide(request: HttpRequest, movement: Movement) -> HttpResponse:
    """Carry out what was pressed; whatever is refused is told on the page again."""
    acts = {"take": _take, "book": _book, "keep": _keep, "return": _return, "set_aside": _set_aside}
    act = acts.get(request.POST.get("do", ""))
    if act is None:
        raise Http404
    try:
        act(request, movement)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("bank_movement", movement.pk)
    messages.success(request, _("Decided. It is undone by a return, not by editing."))
    return redirect("bank_transfers")


def _take(request: HttpRequest, movement: Movement) -> None:
    """The proposal that was seen, if it is still the same."""
    now = timezone.now()
    proposal = propose_for(movement=movement, now=now)
    if not proposal.can_be_taken or request.POST.get("seen") != _digest(proposal):
        raise DecisionRefused(_("What is proposed has changed since you looked: look again."))
    known: dict[str, Any] = {"movement": movement, "operator": settings.OPERATOR, "now": now, "by": request.user}
    if proposal.receipt is not None:
        return_(receipt=proposal.receipt, **known)
        return
    bills = Invoice.objects.in_bulk([share.bill.id for share in proposal.match.shares])
    shares = [(bills[share.bill.id], share.amount_minor) for share in proposal.match.shares]
    book(bills=shares, account=Account.objects.filter(pk=proposal.match.account_id or 0).first(), **known)


def _book(request: HttpRequest, movement: Movement) -> None:
    """Bills and amounts by hand; what is left of the movement is kept for whom the form names, or whose all the bills are."""
    given = [(name.removeprefix("amount_"), str(text)) for name, text in request.POST.items() if name.startswith("amount_")]
    bills = amounts_of(given=given, movement=movement)
    if not bills:
        raise DecisionRefused(_("Write an amount beside at least one bill."))
    account = account_by_reference(request.POST.get("account", ""))
    owners = {bill.account_id for bill, _minor in bills}
    left = movement.amount_minor - sum(minor for _bill, minor in bills)
    if account is None and len(owners) == 1:
        account = bills[0][0].account
    if left and account is None:
        raise DecisionRefused(_("A part of the amount is left over: name the customer for whom it is kept."))
    book(
        movement=movement,
        bills=bills,
        account=account,
        operator=settings.OPERATOR,
        now=timezone.now(),
        by=request.user,  # type: ignore[arg-type]
    )


def _keep(request: HttpRequest, movement: Movement) -> None:
    account = account_by_reference(request.POST.get("account", ""))
    if account is None:
        raise DecisionRefused(_("Name the customer for whom the money is kept."))
    book(movement=movement, bills=[], account=account, operator=settings.OPERATOR, now=timezone.now(), by=request.user)  # type: ignore[arg-type]


def _return(request: HttpRequest, movement: Movement) -> None:
    chosen = request.POST.get("receipt", "")
    receipt = Receipt.objects.filter(pk=int(chosen)).first() if re.fullmatch(r"[0-9]{1,18}", chosen) else None
    if receipt is None:
        raise DecisionRefused(_("Choose the payment that was taken back."))
    return_(movement=movement, receipt=receipt, operator=settings.OPERATOR, now=timezone.now(), by=request.user)  # type: ignore[arg-type]


def _set_aside(request: HttpRequest, movement: Movement) -> None:
    set_aside(movement=movement, reason=request.POST.get("reason", ""), now=timezone.now(), by=request.user)  # type: ignore[arg-type]


def _row(line: Any, proposal: Proposal | None, movement: Movement | None = None) -> dict[str, Any]:
    """A movement with what is proposed for it, and the ids of the customers that it names."""
    match = proposal.match if proposal else None
    accounts = {share.bill.account_id for share in match.shares} | {bill.account_id for bill in match.paid} if match else set()
    decision: Decision | None = getattr(movement, "decision", None) if movement else None
    receipt = proposal.receipt if proposal else decision.receipt if decision else None
    if receipt and receipt.account_id:
        accounts.add(receipt.account_id)
    return {
        "line": line,
        "movement": movement,
        "proposal": proposal,
        "decision": decision,
        "doubt": doubt_said(proposal.doubt) if proposal else "",
        "shares": [{"share": share, "why": WHY[share.why]} for share in match.shares] if match else [],
        "paid": match.paid if match else (),
        "accounts": accounts,
    }


def _accounts(shown: Iterable[Iterable[int]]) -> list[Account]:
    """The customers on a page: whoever is there reads that staff saw it (``privacy.places``)."""
    ids = {pk for some in shown for pk in some}
    return list(Account.objects.filter(pk__in=ids).only("pk")) if ids else []


def _digest(proposal: Proposal) -> str:
    shares = [(share.bill.id, share.amount_minor) for share in proposal.match.shares]
    receipt = proposal.receipt.pk if proposal.receipt else None
    return sha256(repr((shares, proposal.rest_minor, proposal.match.account_id, receipt)).encode()).hexdigest()[:16]


def _tell(request: HttpRequest, done: Imported) -> None:
    if done.looked.again:
        messages.info(request, _("This file was imported before: nothing in it is new."))
    else:
        new = ngettext("%(count)d movement is new.", "%(count)d movements are new.", done.looked.new)
        messages.success(request, new % {"count": done.looked.new})
    if done.booked.payments or done.booked.returns:
        booked = done.booked.payments + done.booked.returns
        messages.success(request, ngettext("%(count)d was booked.", "%(count)d were booked.", booked) % {"count": booked})
    for fault in done.booked.faults:
        messages.error(request, fault)
