"""Every check proves its clause on a healthy instance, and says so when what it guards is broken: a mutation for each clause."""

import functools
import importlib
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse

from bonafide import append_only
from bonafide.accounts.models import User
from bonafide.billing.models import Invoice, InvoiceQuerySet
from bonafide.documents.render_pending import note_issued, render_pending
from bonafide.mail.models import Letter, Refusal
from bonafide.outgoing import client, guard
from bonafide.outgoing.models import PassedOn
from bonafide.payments.stripe.models import Attempt, AutoPay, Method
from bonafide.pricing.rating import PerUnit
from bonafide.privacy import cookies
from bonafide.privacy.access_log import AccessLogMiddleware, folder
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Outcome, Session, SignIn
from bonafide.sessions.store import key_hash
from bonafide.terms.checks import logs, pages, passing_on, paying, people
from bonafide.terms.clauses import CLAUSES, said
from bonafide.terms.finding import Finding
from bonafide.usage.models import Total
from bonafide.web import headers
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import OCTOBER_1, make_invoice, make_meter, make_plan, operator, subscribe, triggers_lifted, use
from tests.factories.mail import make_letter
from tests.factories.terms import publish_terms
from tests.privacy.test_checks import without_the_test_runner
from tests.terms import contract_mutations, late_mutations

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 2, 8, tzinfo=UTC)


@pytest.fixture
def living(settings, tmp_path) -> Iterator[Invoice]:
    """An instance with a customer, a bill and its document."""
    for path in folder().glob("*"):  # other tests of this process asked for pages too
        path.unlink()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    invoice = make_invoice()
    publish_terms()
    note_issued()
    render_pending(now=OCTOBER_1, limit=5)
    make_user(password="four plain unrelated words")
    yield invoice
    (Path(settings.INSTANCE.home) / "customers.csv").unlink(missing_ok=True)


def found(check: Callable[..., Finding], now: datetime = NOW) -> Finding:
    with without_the_test_runner():
        return check(operator(), now)


# --- Mutations: each breaks what one clause promises --------------------------------------------------------------------
def another_region(patch, living):
    changed = django_settings.OPERATOR.hosting.model_copy(update={"region": "Nowhere 3"})
    patch.setattr(django_settings, "OPERATOR", django_settings.OPERATOR.model_copy(update={"hosting": changed}))


def an_account_left_out(patch, living):
    account = make_account()
    meter = make_meter()
    subscribe(account, make_plan((meter, PerUnit(unit_price=Decimal("0.8"))), is_default=False))
    use(account, meter, "3")


def a_document_edited(patch, living):
    path = Path(django_settings.INSTANCE.documents) / living.document.path
    path.write_bytes(path.read_bytes() + b" ")


def a_bill_edited(patch, living):
    with triggers_lifted():
        Invoice.objects.filter(pk=living.pk).update(buyer={"name": "Somebody else"})


def a_password_in_clear(patch, living):
    user = make_user()
    type(user).objects.filter(pk=user.pk).update(password="lantern")


def a_weak_hash(patch, living):
    from django.contrib.auth.hashers import make_password

    user = make_user()
    hashed = make_password("lantern", hasher="default")
    type(user).objects.filter(pk=user.pk).update(password=hashed)
    patch.setattr(django_settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.ScryptPasswordHasher"])


def bills_for_everybody(patch, living):
    patch.setattr(InvoiceQuerySet, "visible_to", lambda self, user: self.issued())


def profiles_for_everybody(patch, living):
    from django.contrib import admin

    from bonafide.accounts.models import Account

    patch.setattr(admin.site, "has_permission", lambda request: True)
    for name in ("has_view_permission", "has_change_permission", "has_module_permission"):
        patch.setattr(admin.site._registry[Account].__class__, name, lambda self, request, obj=None: True)
    patch.setattr("bonafide.sign_in.factors.staff.StaffSecondFactorMiddleware.__call__", lambda self, r: self.get_response(r))


def bills_for_every_program(patch, living):
    from bonafide.api import v1

    patch.setattr(v1, "_bills", lambda key: Invoice.objects.issued().whole())


def an_ending_that_does_nothing(patch, living):
    patch.setattr(people, "end_sessions", lambda **given: 2)


def an_ending_that_forgets_one(patch, living):
    def all_but_one(*, user, keep, **given):
        others = Session.objects.filter(user=user, ended_at=None).exclude(key_hash=key_hash(keep))
        return end_sessions(user=user, keep=keep, only=others.first().pk, **given)

    patch.setattr(people, "end_sessions", all_but_one)


def a_guard_that_sleeps(patch, living):
    patch.setattr(cookies.CookieGuardMiddleware, "_allowed", lambda self, name, response: True)


def no_guard(patch, living):
    patch.setattr(django_settings, "MIDDLEWARE", [name for name in django_settings.MIDDLEWARE if "CookieGuard" not in name])


def a_cookie_that_nobody_declared(patch, living):
    patch.setattr(pages, "declared_cookies", lambda: cookies.declared()[:1])


def a_policy_that_lets_in(patch, living):
    patch.setattr(headers, "CONTENT_SECURITY_POLICY", "default-src *")


def a_policy_that_lets_in_one_host(patch, living):
    patch.setattr(
        headers, "CONTENT_SECURITY_POLICY", headers.CONTENT_SECURITY_POLICY.replace("data:", "data: https://pictures.example")
    )


def a_picture_from_elsewhere(patch, living):
    answer = headers.SecurityHeadersMiddleware.__call__

    def with_picture(self, request) -> HttpResponse:
        response = answer(self, request)
        if b"</main>" in getattr(response, "content", b""):
            response.content = response.content.replace(b"</main>", b'<img src="https://counter.example/1.gif"></main>')
        return response

    patch.setattr(headers.SecurityHeadersMiddleware, "__call__", with_picture)


def _log(name: str, text: str) -> None:
    folder().mkdir(exist_ok=True)
    (folder() / name).write_text(text + "\n")


LINE = {"at": "2024-10-02T07:00:00Z", "method": "GET", "route": "", "status": 200, "ms": 1, "ip": "192.0.2.17", "by": 0}


def a_line_that_says_more(patch, living):
    _log("access-2024-10-02.jsonl", json.dumps(LINE | {"query": "token"}))


def a_log_that_should_be_off(patch, living):
    _log("access-2024-10-02.jsonl", json.dumps(LINE))
    patch.setattr(logs, "_fault", functools.partial(_with_access, logs._fault, "off"))


def addresses_left_whole(patch, living):
    _log("access-2024-10-02.jsonl", json.dumps(LINE))
    patch.setattr(logs, "_fault", functools.partial(_with_access, logs._fault, "truncated"))


def _with_access(fault, access, line, told, now):
    return fault(line, told.model_copy(update={"logs": told.logs.model_copy(update={"access": access})}), now)


def a_sweep_that_slept(patch, living):
    _log("access-2024-06-01.jsonl", json.dumps(LINE | {"at": "2024-06-01T00:00:00Z"}))


def _session(at: datetime) -> Session:
    return Session.objects.create(
        key_hash="x", user=make_user(), created_at=at, last_seen_at=at, address="192.0.2.1", address_seen_at=at
    )


def a_sign_in_that_nobody_recorded(patch, living):
    _session(NOW - timedelta(days=1))


def a_history_that_stays(patch, living):
    SignIn.objects.create(user=make_user(), at=NOW - timedelta(days=400), outcome=Outcome.WRONG_PASSWORD)


def an_address_that_stays(patch, living):
    _session(NOW - timedelta(days=370))


def an_address_of_a_failure_that_stays(patch, living):
    SignIn.objects.create(user=make_user(), at=NOW - timedelta(days=370), outcome=Outcome.WRONG_PASSWORD, address="192.0.2.1")


def a_log_that_nobody_writes(patch, living):
    patch.setattr(AccessLogMiddleware, "_write", lambda self, line: None)


def a_back_office_without_a_door(patch, living):
    patch.setattr(people, "_BACK_OFFICE", ("/terms",))


def a_card_in_an_address(patch, living):
    make_account(street="pay with 4242 4242 4242 4242")


def a_page_that_asks_for_a_card(patch, living):
    answer = headers.SecurityHeadersMiddleware.__call__

    def with_field(self, request) -> HttpResponse:
        response = answer(self, request)
        if b"</main>" in getattr(response, "content", b""):
            response.content = response.content.replace(b"</main>", b'<input name="n" autocomplete="cc-number"></main>')
        return response

    patch.setattr(headers.SecurityHeadersMiddleware, "__call__", with_field)


def a_page_that_wants_a_card_first(patch, living):
    from django.shortcuts import redirect

    answer = headers.SecurityHeadersMiddleware.__call__

    def sent_to_pay(self, request) -> HttpResponse:
        return redirect("/payment-methods") if request.path == "/usage" else answer(self, request)

    patch.setattr(headers.SecurityHeadersMiddleware, "__call__", sent_to_pay)


def a_charge_that_nobody_chose(patch, living):
    begun = {"begun_at": NOW, "moved_at": NOW, "currency": "EUR", "amount_minor": 1200}
    Attempt.objects.create(way=Attempt.Way.AUTO, account=living.account, invoice=living, **begun)


def a_charge_after_the_choice_was_ended(patch, living):
    method = Method.objects.create(account=living.account, stripe_id="pm_1", kind="card", last4="4242", saved_at=OCTOBER_1)
    known = {"words": "Each bill on its due day.", "agreed_at": OCTOBER_1, "ended_at": NOW - timedelta(hours=1)}
    AutoPay.objects.create(account=living.account, method=method, **known)
    a_charge_that_nobody_chose(patch, living)


def a_card_in_a_saved_method(patch, living):
    Method.objects.create(account=living.account, stripe_id="pm_1", kind="card", mandate="4242424242424242", saved_at=NOW)


def a_column_with_addresses_added_by_hand(patch, living):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE usage_batch ADD COLUMN ip varchar(39)")


def a_handler_that_nobody_declared(patch, living):
    handler = logging.FileHandler(Path(tempfile.mkdtemp()) / "debug.log", delay=True)
    patch.setattr(logging.getLogger("somebody.elses"), "handlers", [handler])


def a_file_that_nobody_declared(patch, living):
    (Path(django_settings.INSTANCE.home) / "customers.csv").write_text("ana@example.com")


def a_letter_for_no_declared_purpose(patch, living):
    make_letter(now=NOW)
    Letter.objects.update(purpose="greetings")


def news_in_spite_of_a_refusal(patch, living):
    user = make_user()
    Refusal.objects.create(user=user, purpose="news", since=NOW - timedelta(days=2), how="one-click")
    Letter.objects.create(user=user, purpose="news", at=NOW, try_at=NOW, ended_at=NOW, outcome="sent")


def no_guard_at_the_door(patch, living):
    patch.setattr(passing_on, "guard_holds", guard_unhooked)


def guard_unhooked() -> bool:
    """What ``guard_holds`` sees in a process without the hook, which cannot be taken out of this one: the door stands open."""
    with guard.door_to(guard.NOWHERE):
        return guard.guard_holds()


def a_door_to_everybody(patch, living):
    patch.setattr(client, "is_own", lambda **host: True)


def something_given_to_a_stranger(patch, living):
    about = {"fields": ["email"], "clause": "U1", "occasion": "letter"}
    PassedOn.objects.create(recipient="counter", name="Counter Inc.", at=NOW, **about)


def holds_that_can_be_rewritten(patch, living):
    unguard("privacy_hold")


def releases_that_can_be_taken_away(patch, living):
    unguard("privacy_release")


def unguard(table: str) -> None:
    with connection.cursor() as cursor:
        for line in append_only.remove(vendor=connection.vendor, table=table):
            cursor.execute(line)


MUTATIONS = {
    **contract_mutations.MUTATIONS,
    **late_mutations.MUTATIONS,
    "U1": [a_letter_for_no_declared_purpose, news_in_spite_of_a_refusal],
    "D3": [an_address_that_stays, holds_that_can_be_rewritten, releases_that_can_be_taken_away],
    "B3": [a_card_in_an_address, a_page_that_asks_for_a_card, a_card_in_a_saved_method],
    "U2": [a_page_that_wants_a_card_first, a_charge_that_nobody_chose, a_charge_after_the_choice_was_ended],
    "S1": [a_sign_in_that_nobody_recorded, a_history_that_stays],
    "S3": [an_address_that_stays, a_column_with_addresses_added_by_hand],
    "R2": [an_address_that_stays, an_address_of_a_failure_that_stays],
    "H1": [another_region],
    "B1": [an_account_left_out],
    "B2": [a_document_edited, a_bill_edited],
    "I1": [a_password_in_clear, a_weak_hash],
    "I3": [bills_for_everybody, profiles_for_everybody, bills_for_every_program, a_back_office_without_a_door],
    "S2": [an_ending_that_does_nothing, an_ending_that_forgets_one],
    "S4": [a_log_that_nobody_writes, a_line_that_says_more, a_log_that_should_be_off, addresses_left_whole],
    "R1": [a_sweep_that_slept, a_handler_that_nobody_declared, a_file_that_nobody_declared],
    "C1": [a_guard_that_sleeps, no_guard],
    "C2": [a_cookie_that_nobody_declared],
    "D1": [
        a_policy_that_lets_in,
        a_policy_that_lets_in_one_host,
        a_picture_from_elsewhere,
        no_guard_at_the_door,
        a_door_to_everybody,
        something_given_to_a_stranger,
    ],
}


def test_every_clause_with_a_check_has_a_mutation():
    assert {clause.id for clause in CLAUSES if clause.check} == set(MUTATIONS)


def test_a_button_that_leads_to_stripe_loads_nothing(living, monkeypatch):
    leads = headers.CONTENT_SECURITY_POLICY.replace("form-action 'self'", "form-action 'self' https://checkout.stripe.com")
    assert leads != headers.CONTENT_SECURITY_POLICY
    monkeypatch.setattr(headers, "CONTENT_SECURITY_POLICY", leads)
    assert found(next(clause for clause in CLAUSES if clause.id == "D1").check).fault == ""


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.check], ids=lambda clause: clause.id)
def test_a_healthy_instance_keeps_the_promise_and_its_counts_can_be_said(living, clause):
    finding = found(clause.check)
    assert finding.fault == ""
    assert finding.counts
    assert "%" not in str(clause.counted) % finding.counts


@pytest.mark.parametrize(
    ("clause_id", "mutation"),
    [(clause_id, mutation) for clause_id, mutations in MUTATIONS.items() for mutation in mutations],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_broken_promise_turns_its_check(living, monkeypatch, clause_id, mutation):
    clause = next(clause for clause in CLAUSES if clause.id == clause_id)
    of_the_file = operator()
    mutation(monkeypatch, living)
    with without_the_test_runner():
        assert clause.check(of_the_file, NOW).fault


def test_checks_leave_nothing_behind(living):
    before = (User.objects.count(), Session.objects.count(), Total.objects.count())
    for clause in CLAUSES:
        if clause.check:
            found(clause.check)
    assert (User.objects.count(), Session.objects.count(), Total.objects.count()) == before


def test_what_enforces_a_clause_is_there_and_its_settings_exist(settings):
    for clause in CLAUSES:
        for name in clause.enforced_by:
            module, _dot, rest = name.rpartition(".")
            try:
                assert hasattr(importlib.import_module(module), rest), name
            except ModuleNotFoundError:
                owner, _dot, kind = module.rpartition(".")
                assert hasattr(getattr(importlib.import_module(owner), kind), rest), name
        for setting in clause.settings:
            value = settings.OPERATOR
            for part in setting.split("."):
                value = getattr(value, part)


def test_said_still_gives_every_clause(settings):
    assert [clause.id for clause in said(settings.OPERATOR, "en")] == [clause.id for clause in CLAUSES]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("4242424242424242", True),
        ("card 5555-5555-5555-4444, thanks", True),
        ("3782 822463 10005", True),
        ("4242424242424241", False),  # wrong check digit
        ("RF18539007547034", False),
        ("FR7630006000011234567890189", False),
        ("order 2026-000123", False),
    ],
)
def test_numbers_of_cards_are_told_from_others(text, is_one):
    assert paying.holds_a_card_number(text) == is_one
