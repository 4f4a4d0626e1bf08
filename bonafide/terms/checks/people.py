"""People: their passwords, their sessions and histories, and who does not see what is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.db.models import Exists, OuterRef

from bonafide.accounts.models import User
from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Outcome, Reason, Session, SignIn
from bonafide.sessions.store import SessionStore
from bonafide.terms.checks.trying import canary, get, new_browser, nothing_stays
from bonafide.terms.finding import Finding

_SAMPLE = 50
_BACK_OFFICE = ("/staff/", "/staff/accounts/account/", "/staff/accounts/user/")


def passwords_are_hashed(operator: Operator, now: datetime) -> Finding:
    """No password is kept but as a salted hash of a kind in use, and nobody is signed in whose address was never confirmed."""
    known = {hasher.rpartition(".")[2] for hasher in settings.PASSWORD_HASHERS}
    hashed = 0
    for password in User.objects.values_list("password", flat=True).iterator(chunk_size=5000):
        if password.startswith("!"):
            continue  # none can be used
        try:
            hasher = identify_hasher(password)
        except ValueError:
            return Finding({"passwords": hashed}, "a password is not kept as a hash")
        if type(hasher).__name__ not in known:
            return Finding({"passwords": hashed}, f"a password is kept by {hasher.algorithm}, which is not in use here")
        hashed += 1
    confirmed = EmailAddress.objects.filter(user=OuterRef("user"), verified=True)
    open_ = Session.objects.filter(ended_at=None, user__isnull=False, data__gt="")
    unconfirmed = open_.exclude(Exists(confirmed)).count()
    counts = {"passwords": hashed, "unconfirmed": unconfirmed}
    return Finding(counts, f"{unconfirmed} sessions belong to people whose address was never confirmed" if unconfirmed else "")


def strangers_see_nothing(operator: Operator, now: datetime) -> Finding:
    """The newest bills, tried as somebody signed out and as somebody of no account: neither page nor document opens."""
    bills = list(Invoice.objects.issued().order_by("-position").values_list("number", flat=True)[:_SAMPLE])
    paths = [f"/bills/{number}{ending}" for number in bills for ending in ("", ".pdf")]
    opened = ""
    with nothing_stays():
        stranger, nobody = new_browser(), new_browser()
        stranger.force_login(canary())
        if get(stranger, "/usage").status_code != 200:
            opened = "the stranger could not be signed in, so nothing was tried"
        for path in paths:
            as_stranger, as_nobody = get(stranger, path).status_code, get(nobody, path).status_code
            if as_stranger != 404 or as_nobody != 302:
                opened = f"a page of a bill answers {as_stranger} to a stranger and {as_nobody} to somebody signed out"
                break
        for path in _BACK_OFFICE:  # always there, with or without a bill
            if 200 in (get(stranger, path).status_code, get(nobody, path).status_code):
                opened = opened or "the back office opens to a stranger"
    return Finding({"pages": len(paths) + len(_BACK_OFFICE), "roles": 2}, opened)


def sign_ins_are_recorded(operator: Operator, now: datetime) -> Finding:
    """Every session of the last month has its sign-in in its owner's history, and neither history is kept too long."""
    young = Session.objects.filter(user__isnull=False, created_at__gte=now - timedelta(days=30))
    recorded = SignIn.objects.filter(session=OuterRef("pk"), outcome=Outcome.SIGNED_IN)
    silent = young.exclude(Exists(recorded)).count()
    counts = {"sessions": young.count(), "silent": silent}
    if silent:
        return Finding(counts, f"{silent} sessions have no sign-in in the history")
    limit = months_before(now, operator.retention.history_months, operator.zone) - timedelta(hours=2)
    late = SignIn.objects.filter(at__lt=limit).exists() or Session.objects.filter(ended_at__lt=limit).exists()
    return Finding(counts, f"a history is older than {operator.retention.history_months} months" if late else "")


def ended_sessions_are_dead(operator: Operator, now: datetime) -> Finding:
    """Three sessions of a canary: all open the console; two are ended; those open nothing, the third still does."""
    fault = ""
    with nothing_stays():
        user, browsers = canary(), [new_browser() for _ in range(3)]
        for browser in browsers:
            browser.force_login(user)
        keys = [browser.cookies[settings.SESSION_COOKIE_NAME].value for browser in browsers]
        before = [get(browser, "/usage").status_code for browser in browsers]
        ended = end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, keep=keys[0])
        after = [get(browser, "/usage").status_code for browser in browsers]
        revived = sum(bool(SessionStore(key).load()) for key in keys[1:])
        if before != [200] * 3:
            fault = f"a session that was not ended opened nothing: {before}"
        elif ended != 2 or after != [200, 302, 302] or revived:
            fault = f"of 2 sessions {ended} ended, and the console answered {after[1:]} to their cookies"
    replayed = Session.objects.exclude(ended_at=None).count()
    with_data = Session.objects.exclude(ended_at=None).exclude(data="").count()
    if with_data and not fault:
        fault = f"{with_data} ended sessions still hold data"
    return Finding({"ended": replayed, "with_data": with_data, "canaries": 3}, fault)
