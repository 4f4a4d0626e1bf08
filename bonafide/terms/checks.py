"""The checks that prove clauses: each looks at the real state of this instance, counts, and says what does not hold.

A check changes nothing: where it has to act (sign in a canary, open somebody's bill as a stranger) it does so in a transaction
that is rolled back. It says nothing personal: what it says is published.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils.module_loading import import_string

from bonafide.accounts.models import User
from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import BillRun, Invoice
from bonafide.billing.run import skipped_as_zero
from bonafide.billing.verify import Fault, verify_books
from bonafide.documents.models import Document
from bonafide.operator import Operator
from bonafide.periods import Month, months_before
from bonafide.privacy.cookies import declared as declared_cookies
from bonafide.sessions.client import as_by_proxies
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Outcome, Reason, Session, SignIn
from bonafide.sessions.store import SessionStore
from bonafide.terms.finding import Finding
from bonafide.usage.models import Total

# A month's bills may take so long after its end.
BILLED_WITHIN = timedelta(days=10)
# A document may take so long after its bill.
RENDERED_WITHIN = timedelta(hours=6)
_SAMPLE = 50
_BACK_OFFICE = ("/staff/", "/staff/accounts/account/", "/staff/accounts/user/")
GUARD = "bonafide.privacy.cookies.CookieGuardMiddleware"
_OPEN_PAGES = ("/", "/terms", "/legal", "/account/login/", "/account/signup/", "/account/password/reset/")


class _RolledBack(Exception):
    """Ends a transaction whose changes nobody wants."""


@contextmanager
def nothing_stays() -> Iterator[None]:
    """Whatever the block writes is rolled back."""
    try:
        with transaction.atomic():
            yield
            raise _RolledBack
    except _RolledBack:
        pass


def _client() -> Client:
    """A browser without a network, at the console's own address."""
    return Client(
        headers=as_by_proxies(),
        SERVER_NAME=settings.CONSOLE_HOST,
        HTTP_HOST=settings.CONSOLE_HOST,
        raise_request_exception=False,
    )


def _get(client: Client, path: str) -> Any:
    """The answer to a look at a page; that a stranger finds nothing is what is wanted, and no news for the log."""
    with _silent("django.request"):
        return client.get(path, secure=settings.SECURE)


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """What a check provokes on purpose is no news for the log."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _canary() -> User:
    """Somebody who is in no list, with an address and a name that nobody can have."""
    name = f"canary-{secrets.token_hex(8)}"
    user = User(username=name, email=f"{name}@canary.invalid")
    user.set_unusable_password()
    user.save()
    return user


# --- H1 -------------------------------------------------------------------------------------------------------------------
def operator_is_named(operator: Operator, now: datetime) -> Finding:
    """The legal notice really names the operator and the host as the operator's file does."""
    page = _get(_client(), "/legal").content.decode()
    shown = [operator.identity.legal_name, operator.identity.registration, operator.hosting.host_name, operator.hosting.region]
    missing = [value for value in shown if _as_html(value) not in page]
    return Finding({"values": len(shown)}, f"the legal notice does not show {missing[0]!r}" if missing else "")


def _as_html(text: str) -> str:
    from django.utils.html import escape

    return escape(text)


# --- B1, B2 ---------------------------------------------------------------------------------------------------------------
def months_are_billed(operator: Operator, now: datetime) -> Finding:
    """Every month that was begun is finished, the last full month with usage was billed in time, and nobody was left out."""
    last = Month.of(now, operator.zone).previous()
    runs = {run.month: run for run in BillRun.objects.all()}
    unfinished = [key for key, run in runs.items() if run.finished_at is None and now - run.started_at > BILLED_WITHIN]
    if unfinished:
        return Finding({"months": len(runs)}, f"the bills of {Month.from_key(unfinished[0])} were begun and never finished")
    overdue = now - last.end(operator.zone) > BILLED_WITHIN
    if overdue and last.key not in runs and Total.objects.filter(bill_month=last.key).exists():
        return Finding({"months": len(runs)}, f"{last} has usage and was not billed")
    left_out = 0
    for key in sorted(runs)[-2:]:
        for outcome in compute_bills(month=Month.from_key(key), operator=operator):
            if not isinstance(outcome, ComputedBill) or not skipped_as_zero(bill=outcome, operator=operator):
                left_out += 1
    counts = {"months": len(runs), "bills": Invoice.objects.issued().count(), "left_out": left_out}
    return Finding(counts, f"{left_out} accounts of a billed month have no bill" if left_out else "")


def bills_are_kept(operator: Operator, now: datetime) -> Finding:
    """The chain of issued bills holds, and every bill has its document, unchanged, in the folder of documents."""
    books = verify_books()
    if isinstance(books, Fault):
        return Finding({}, f"the books do not hold: {books}")
    counts = {"bills": books.bills, "documents": 0, "read": 0}
    late = Invoice.objects.issued().filter(issued_at__lt=now - RENDERED_WITHIN)
    waiting = late.exclude(Exists(Document.objects.filter(invoice=OuterRef("pk"), rendered_at__isnull=False))).count()
    if waiting:
        return Finding(counts, f"{waiting} bills have no document {RENDERED_WITHIN.seconds // 3600} hours after their issue")
    for document in Document.objects.filter(rendered_at__isnull=False).only("path", "sha256", "size", "pk").iterator():
        counts["documents"] += 1
        path = Path(settings.INSTANCE.documents) / document.path
        if not path.is_file() or path.stat().st_size != document.size:
            return Finding(counts, f"the document {document.path} is missing or has another size")
        if document.pk % 30 == now.toordinal() % 30:  # each is read in full once a month
            counts["read"] += 1
            if sha256(path.read_bytes()).hexdigest() != document.sha256:
                return Finding(counts, f"the document {document.path} was changed")
    return Finding(counts)


# --- I1, I3 ---------------------------------------------------------------------------------------------------------------
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
        stranger, nobody = _client(), _client()
        stranger.force_login(_canary())
        if _get(stranger, "/usage").status_code != 200:
            opened = "the stranger could not be signed in, so nothing was tried"
        for path in paths:
            as_stranger, as_nobody = _get(stranger, path).status_code, _get(nobody, path).status_code
            if as_stranger != 404 or as_nobody != 302:
                opened = f"a page of a bill answers {as_stranger} to a stranger and {as_nobody} to somebody signed out"
                break
        for path in _BACK_OFFICE:  # always there, with or without a bill
            if 200 in (_get(stranger, path).status_code, _get(nobody, path).status_code):
                opened = opened or "the back office opens to a stranger"
    return Finding({"pages": len(paths) + len(_BACK_OFFICE), "roles": 2}, opened)


# --- S1 -------------------------------------------------------------------------------------------------------------------
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


# --- S2 -------------------------------------------------------------------------------------------------------------------
def ended_sessions_are_dead(operator: Operator, now: datetime) -> Finding:
    """Three sessions of a canary: all open the console; two are ended; those open nothing, the third still does."""
    fault = ""
    with nothing_stays():
        user, clients = _canary(), [_client() for _ in range(3)]
        for client in clients:
            client.force_login(user)
        keys = [client.cookies[settings.SESSION_COOKIE_NAME].value for client in clients]
        before = [_get(client, "/usage").status_code for client in clients]
        ended = end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, keep=keys[0])
        after = [_get(client, "/usage").status_code for client in clients]
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


# --- D1 -------------------------------------------------------------------------------------------------------------------
class _Loads(HTMLParser):
    """What a page makes a browser fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "img", "iframe", "audio", "video", "source", "embed", "object", "track", "input"):
            self.addresses += [values[name] for name in ("src", "data", "poster") if name in values]
        if tag == "link" and values.get("rel", "").lower() not in ("canonical", "alternate", "author", "license"):
            self.addresses.append(values.get("href", ""))
        if tag == "script" and "src" not in values and values.get("type", "") != "application/json":
            self.inline += 1


def pages_load_only_from_here(operator: Operator, now: datetime) -> Finding:
    """The pages that everybody and a signed-in person can open load nothing from another host, and forbid it to browsers."""
    seen = loads = 0
    fault = ""
    with nothing_stays():
        signed_in = _client()
        signed_in.force_login(_canary())
        tries = [(_client(), path) for path in _OPEN_PAGES] + [(signed_in, path) for path in ("/", "/usage", "/bills")]
        for client, path in tries:
            answer = _get(client, path)
            if answer.status_code != 200:
                fault = f"{path} answered {answer.status_code}, so it could not be read"
                break
            parser = _Loads()
            parser.feed(answer.content.decode())
            elsewhere = [address for address in parser.addresses if urlsplit(address).netloc]
            policy = answer.headers.get("Content-Security-Policy", "")
            seen, loads = seen + 1, loads + len(parser.addresses)
            if elsewhere:
                fault = f"{path} loads from {urlsplit(elsewhere[0]).netloc}"
            elif parser.inline:
                fault = f"{path} carries an inline script"
            elif "default-src 'none'" not in policy or "http" in policy.replace("upgrade-insecure-requests", ""):
                fault = f"{path} does not forbid browsers to load from elsewhere"
            if fault:
                break
    return Finding({"pages": seen, "loads": loads}, fault)


# --- C1, C2 ---------------------------------------------------------------------------------------------------------------
def cookies_are_declared(operator: Operator, now: datetime) -> Finding:
    """Signing in, choosing a language and looking around leaves only declared cookies; and the guard stops any other."""
    names = {cookie.name for cookie in declared_cookies()}
    found: set[str] = set()
    with nothing_stays():
        client = _client()
        for path in _OPEN_PAGES:
            found |= set(_get(client, path).cookies)
        found |= set(client.post("/language", {"language": "fr"}, secure=settings.SECURE).cookies)
        client.force_login(_canary())
        found |= set(client.cookies)
        for path in ("/", "/usage", "/bills", "/account/password/change/"):
            found |= set(_get(client, path).cookies)
    strange = sorted(found - names)
    seen = {"cookies": len(found), "declared": len(names)}
    if not found:
        return Finding(seen, "no cookie was seen at all, so nothing was tried")
    if strange:
        return Finding(seen, f"the cookie {strange[0]!r} is not declared")
    return Finding(seen, "" if _guard_stops("canary") else "an undeclared cookie would leave: the guard let one through")


def _guard_stops(name: str) -> bool:
    """Whether an answer with an undeclared cookie loses it on its way through the middleware that is really installed."""
    if GUARD not in settings.MIDDLEWARE:
        return False

    def with_canary(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response.set_cookie(name, "1")
        return response

    with _silent("bonafide.privacy.cookies"):
        return name not in import_string(GUARD)(with_canary)(HttpRequest()).cookies
