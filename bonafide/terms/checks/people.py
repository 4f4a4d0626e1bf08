"""People: their passwords, their sessions and histories, and who does not see what is theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.db.models import Exists, OuterRef

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.models import Account, ApiKey, User
from bonafide.accounts.sign_up import open_account
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


# What each of them gets of what is somebody else's: the login of another account, nobody at all, a program of another account.
_STRANGER, _NOBODY, _PROGRAM = "a stranger", "somebody signed out", "a program of another account"


def strangers_see_nothing(operator: Operator, now: datetime) -> Finding:
    """The newest accounts, people and bills, tried as others: no page, no document, no profile, no answer to a program opens."""
    bills = list(Invoice.objects.issued().order_by("-position").values_list("number", flat=True)[:_SAMPLE])
    accounts = list(Account.objects.order_by("-pk").values_list("pk", "reference")[:_SAMPLE])
    people = list(User.objects.order_by("-pk").values_list("pk", flat=True)[:_SAMPLE])
    pages = [f"/bills/{number}{ending}" for number in bills for ending in ("", ".pdf")]
    profiles = [f"/staff/accounts/account/{pk}/change/" for pk, _ in accounts]
    profiles += [f"/staff/accounts/user/{pk}/change/" for pk in people]
    calls = [f"/api/v1/bills/{number}" for number in bills]
    calls += [f"/api/v1/accounts/{quote(reference)}/usage" for _, reference in accounts]
    tried = {
        (_STRANGER, 404): pages,
        (_NOBODY, 302): pages,
        (_STRANGER, None): (*_BACK_OFFICE, *profiles),
        (_NOBODY, None): (*_BACK_OFFICE, *profiles),
        (_PROGRAM, 404): calls,
    }
    counts = {"pages": 0, "roles": 3}
    with nothing_stays():
        look = _as_others(now)
        if look(_STRANGER, "/usage") != 200 or look(_PROGRAM, "/api/v1/bills") != 200:
            return Finding(counts, "the stranger could not come in at all, so nothing was tried")
        for (who, wanted), paths in tried.items():
            for path in paths:
                status = look(who, path)
                counts["pages"] += 1
                if status != wanted and (wanted is not None or status == 200):
                    return Finding(counts, f"{_kind_of(path)} answers {status} to {who}")
    return Finding(counts)


def _as_others(now: datetime) -> Callable[[str, str], int]:
    """Looks at a page as one of them, and says how it was answered."""
    stranger, nobody, program = new_browser(), new_browser(), new_browser()
    person = canary()
    account = open_account(user=person, country=settings.OPERATOR.identity.country, language=settings.LANGUAGE_CODE, now=now)
    stranger.force_login(person)
    scopes = (ApiKey.Scope.BILLS_READ, ApiKey.Scope.USAGE_READ)
    _key, text = make_key(account=account, name=person.username, scopes=scopes, expires_at=None, now=now)
    program.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    browsers = {_STRANGER: stranger, _NOBODY: nobody, _PROGRAM: program}
    return lambda who, path: get(browsers[who], path).status_code


def _kind_of(path: str) -> str:
    """What a path leads to, without whose it is: it is published."""
    if path.startswith("/bills/"):
        return "a page of a bill"
    return "the back office" if path.startswith("/staff/") else "the interface for programs"


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
