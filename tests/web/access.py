"""Who gets what from every route: the table that ``test_access`` compares the console with.

Adding a route? Add its row here: the route as the URL configuration spells it, an address of it (from the ``World`` that the
test makes), and one outcome for each of the six. A route without a row fails the test. What a seventh gets, somebody of the staff
on a visit to the account, follows from ``bonafide/privacy/visit_routes.py``: what is not open there is closed. Of a route that
takes more than GET, say in ``tests/web/unsafe.py`` who may send it something.

Outcomes: ``open`` (200), ``sign-in`` (sent to our sign-in), ``away`` (sent elsewhere), ``none`` (404: to this person there is no
such thing), ``closed`` (403), ``no-key`` (401), ``post`` (405: the route takes no GET), ``refused`` (400), ``later`` (503).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings

from bonafide.accounts.models import Account, ApiKey, Invitation, Membership
from bonafide.billing.models import Budget, Invoice
from bonafide.contracts.models import Contract
from bonafide.payments.stripe.models import Attempt, Method
from bonafide.periods import Month, day_key
from bonafide.pricing.models import Meter
from bonafide.usage.models import Total
from tests.factories.billing import use
from tests.factories.contracts import make_contract

ACTORS = ("signed_out", "stranger", "viewer", "billing", "owner", "staff")
VISITOR = "visitor"
EVERYBODY = ("open",) * 6
# Pages that belong to a person: whoever is signed in sees their own.
OWN = ("sign-in", "open", "open", "open", "open", "open")
# Things of one account: its members see them; to a stranger, and to staff outside the back office, they do not exist.
MEMBERS = ("sign-in", "none", "open", "open", "open", "none")
# Only for who is not signed in yet.
ENTRANCE = ("open", "away", "away", "away", "away", "away")
# Opens after a fresh confirmation of who one is, to which the signed-in are sent first.
CONFIRMED = ("sign-in", "away", "away", "away", "away", "away")
POST_ONLY = ("post",) * 6
# Of the account that one acts for; staff act for none outside the back office.
ACCOUNTS = ("sign-in", "open", "open", "open", "open", "none")
# What owners alone may do to one thing of their account, once they have confirmed who they are ("away"). A stranger is an owner
# too, of another account.
OWNERS = ("sign-in", "none", "closed", "closed", "away", "none")
# Who pays the bills of the account.
PAYERS = ("sign-in", "none", "closed", "open", "open", "none")
NEEDS_KEY = ("no-key",) * 6
# Keys of another account, of this account, of the operator: what is of one account.
ONLY_OURS = ("none", "open", "open")


@dataclass(frozen=True)
class World:
    """What there is while the routes are tried: one account with three members, an issued bill and so on."""

    account: Account
    invoice: Invoice
    member: Membership
    invitation: Invitation
    key: ApiKey
    passkey: Authenticator
    session: UUID  # of that member


@dataclass(frozen=True)
class Row:
    route: str
    address: Callable[[World], str]
    outcomes: tuple[str, str, str, str, str, str]
    # Of routes of the API: with a key of another account, one of this account, and the operator's own; each may do everything.
    keys: tuple[str, str, str] | None = None
    # What a visit gets where its own table lets it in, if it is not what an owner gets.
    visitor: str = ""


# Routes with a part of their address left open that lead to nobody's object, and why.
NOBODYS = {
    "promises/<str:clause_id>": "what is promised to everybody",
    "help/<str:key>": "help, for everybody",
    "order/<str:code>": "a plan, which is offered to everybody",
    "terms/<int:number>": "the terms, which are everybody's",
    "terms/<int:number>.pdf": "the same",
    "terms/changes/<int:before>..<int:after>": "the same",
    r"^account/confirm-email/(?P<key>[-:\w]+)/$": "the key of a letter: whoever has it is its reader; a wrong one says so",
    r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "the same",
    "api/v1/accounts/<path:reference>/usage": "opened by keys: see what one of another account gets",
    "api/v1/accounts/<path:reference>/forecast": "the same",
    "api/v1/bills/<path:number>": "the same",
}


def at(path: str) -> Callable[[World], str]:
    return lambda world: path


def budget_of(world: World) -> int:
    """A budget of the account."""
    values = {"currency": "EUR", "amount_minor": 10_000}
    return Budget.objects.get_or_create(account=world.account, **values, defaults={"set_at": world.account.created_at})[0].pk


def saved_in(world: World) -> int:
    """A saved card of the account."""
    values = {"kind": "card", "last4": "4242", "saved_at": world.account.created_at}
    return Method.objects.get_or_create(stripe_id="pm_1", defaults={"account": world.account, **values})[0].pk


def begun_in(world: World) -> UUID:
    """The account began to save one."""
    at = world.account.created_at
    values = {"way": Attempt.Way.SAVE, "currency": "EUR", "amount_minor": 0, "begun_at": at, "moved_at": at}
    return Attempt.objects.get_or_create(account=world.account, way=Attempt.Way.SAVE, defaults=values)[0].key


def offered(world: World) -> Contract:
    """A contract of the account for a plan that is on offer."""
    return Contract.objects.filter(account=world.account).first() or make_contract(account=world.account, now=datetime.now(UTC))


def drafted_in(world: World) -> Month:
    """The running month, in which the account has used something."""
    month = Month.of(datetime.now(UTC), settings.OPERATOR.zone)
    meter = Meter.objects.filter(prices__plan__subscriptions__account=world.account).order_by("pk").first()
    assert meter
    if not Total.objects.filter(account=world.account, bill_month=month.key).exists():
        use(world.account, meter, "2", day=day_key(month.first_day))
    return month


ROWS = [
    # accounts
    Row("accounts/switch", at("/accounts/switch"), POST_ONLY),
    Row("language", at("/language"), POST_ONLY),
    Row("settings/members", at("/settings/members"), ACCOUNTS),
    Row("settings/members/invite", at("/settings/members/invite"), ("sign-in", "away", "closed", "closed", "away", "none")),
    Row("settings/members/leave", at("/settings/members/leave"), ACCOUNTS),
    Row("settings/members/<int:pk>", lambda world: f"/settings/members/{world.member.pk}", OWNERS),
    Row("settings/members/<int:pk>/remove", lambda world: f"/settings/members/{world.member.pk}/remove", POST_ONLY),
    Row(
        "settings/members/invitations/<int:pk>/send",
        lambda world: f"/settings/members/invitations/{world.invitation.pk}/send",
        POST_ONLY,
    ),
    Row(
        "settings/members/invitations/<int:pk>/withdraw",
        lambda world: f"/settings/members/invitations/{world.invitation.pk}/withdraw",
        POST_ONLY,
    ),
    Row("invitations/<str:token>", at("/invitations/nonsense"), ("none",) * 6),
    Row("settings/api-keys", at("/settings/api-keys"), ACCOUNTS),
    Row("settings/api-keys/new", at("/settings/api-keys/new"), ("sign-in", "away", "closed", "closed", "away", "none")),
    Row("settings/api-keys/<int:pk>/revoke", lambda world: f"/settings/api-keys/{world.key.pk}/revoke", POST_ONLY),
    Row("settings/profile", at("/settings/profile"), OWN),
    Row("settings/profile/email", at("/settings/profile/email"), CONFIRMED),
    Row("settings/profile/email/send", at("/settings/profile/email/send"), POST_ONLY),
    Row("settings/profile/email/cancel", at("/settings/profile/email/cancel"), POST_ONLY),
    Row("confirm-address/<str:token>", at("/confirm-address/nonsense"), ("none",) * 6),
    Row("settings/company", at("/settings/company"), ACCOUNTS),
    Row("settings/company/ask-vies", at("/settings/company/ask-vies"), POST_ONLY),
    # sign_in
    Row("account/login/", at("/account/login/"), ENTRANCE),
    Row("account/new-password-needed/", at("/account/new-password-needed/"), EVERYBODY),
    # A link that was never given out; those of letters are tried in tests/sign_in/test_alarm.py.
    Row("account/not-me/<str:token>/", at("/account/not-me/nonsense/"), ("none",) * 6),
    Row("account/signup/", at("/account/signup/"), ENTRANCE),
    Row("account/logout/", at("/account/logout/"), ("sign-in", "open", "open", "open", "open", "open")),
    Row("account/inactive/", at("/account/inactive/"), EVERYBODY),
    Row("account/confirm-email/", at("/account/confirm-email/"), EVERYBODY),
    Row(r"^account/confirm-email/(?P<key>[-:\w]+)/$", at("/account/confirm-email/nonsense/"), EVERYBODY),
    Row("account/password/change/", at("/account/password/change/"), OWN),
    Row("account/password/set/", at("/account/password/set/"), ("sign-in", "away", "away", "away", "away", "away")),
    Row("account/password/reset/", at("/account/password/reset/"), EVERYBODY),
    Row("account/password/reset/done/", at("/account/password/reset/done/"), EVERYBODY),
    Row(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        at("/account/password/reset/key/1-nonsense/"),
        EVERYBODY,
    ),
    Row("account/password/reset/key/done/", at("/account/password/reset/key/done/"), EVERYBODY),
    # sign_in: second factors
    Row("account/login/passkey/", at("/account/login/passkey/"), ("sign-in", "away", "away", "away", "away", "away")),
    Row("account/login/second-step/", at("/account/login/second-step/"), ("sign-in", "away", "away", "away", "away", "away")),
    Row("account/confirm/", at("/account/confirm/"), OWN),
    Row("account/confirm/code/", at("/account/confirm/code/"), ("sign-in", "away", "away", "away", "away", "open")),
    Row("account/confirm/passkey/", at("/account/confirm/passkey/"), CONFIRMED),
    Row("settings/security", at("/settings/security"), OWN),
    Row("settings/security/app", at("/settings/security/app"), CONFIRMED),
    Row("settings/security/app/remove", at("/settings/security/app/remove"), ("sign-in", "none", "none", "none", "none", "away")),
    Row("settings/security/passkeys/add", at("/settings/security/passkeys/add"), CONFIRMED),
    Row(
        "settings/security/passkeys/<int:pk>/rename",
        lambda world: f"/settings/security/passkeys/{world.passkey.pk}/rename",
        CONFIRMED,
    ),
    Row(
        "settings/security/passkeys/<int:pk>/remove",
        lambda world: f"/settings/security/passkeys/{world.passkey.pk}/remove",
        CONFIRMED,
    ),
    Row("settings/security/recovery-codes", at("/settings/security/recovery-codes"), CONFIRMED),
    # sign_in: providers, of which none is declared here
    Row("account/provider/cancelled/", at("/account/provider/cancelled/"), EVERYBODY),
    Row("account/provider/signup/", at("/account/provider/signup/"), ("sign-in",) * 6),
    Row("account/provider/<slug:provider_id>/", at("/account/provider/acme/"), POST_ONLY),
    Row("account/provider/<slug:provider_id>/callback/", at("/account/provider/acme/callback/"), ("none",) * 6),
    Row("settings/security/providers/<int:pk>/disconnect", at("/settings/security/providers/1/disconnect"), POST_ONLY),
    Row("settings/security/providers/<slug:provider_id>/connect", at("/settings/security/providers/acme/connect"), POST_ONLY),
    Row(
        "settings/security/providers/<slug:provider_id>/go",
        at("/settings/security/providers/acme/go"),
        ("sign-in", "none", "none", "none", "none", "none"),
    ),
    # sessions
    Row("settings/sessions", at("/settings/sessions"), OWN),
    Row("settings/sessions/end-others", at("/settings/sessions/end-others"), CONFIRMED),
    Row("settings/sessions/receipt", at("/settings/sessions/receipt"), ("sign-in", "away", "away", "away", "away", "away")),
    Row("settings/sessions/<uuid:pk>/end", lambda world: f"/settings/sessions/{world.session}/end", ("sign-in", *("none",) * 5)),
    Row("settings/sign-ins", at("/settings/sign-ins"), OWN),
    # mail
    Row("settings/letters", at("/settings/letters"), OWN),
    # A link that was never given out; those of letters are tried in tests/mail/test_refuse.py.
    Row("letters/refuse/<str:token>", at("/letters/refuse/nonsense"), ("none",) * 6),
    # privacy
    Row("settings/privacy", at("/settings/privacy"), OWN),
    Row("settings/privacy/erase", at("/settings/privacy/erase"), CONFIRMED),
    Row("settings/privacy/export", at("/settings/privacy/export"), CONFIRMED),
    Row("visit/end", at("/visit/end"), POST_ONLY),
    # terms
    Row("terms", at("/terms"), EVERYBODY),
    Row("terms/accept", at("/terms/accept"), POST_ONLY),
    Row("terms/<int:number>", at("/terms/1"), EVERYBODY),
    Row("terms/<int:number>.pdf", at("/terms/1.pdf"), EVERYBODY),
    Row("terms/changes/<int:before>..<int:after>", at("/terms/changes/1..2"), EVERYBODY),
    Row("legal", at("/legal"), EVERYBODY),
    Row("cookies", at("/cookies"), EVERYBODY),
    Row("processors", at("/processors"), EVERYBODY),
    Row("help", at("/help"), EVERYBODY),
    Row("help/<str:key>", at("/help/pay"), EVERYBODY),
    Row("processing", at("/processing"), EVERYBODY),
    Row("processing.csv", at("/processing.csv"), EVERYBODY),
    Row("promises", at("/promises"), EVERYBODY),
    Row("promises/evidence.jsonl", at("/promises/evidence.jsonl"), EVERYBODY),
    Row("promises/<str:clause_id>", at("/promises/S2"), EVERYBODY),
    Row(".well-known/promises.json", at("/.well-known/promises.json"), EVERYBODY),
    # contracts
    Row("order", at("/order"), EVERYBODY),
    Row(
        "order/<str:code>",
        lambda world: f"/order/{offered(world).plan.code}",
        ("sign-in", "open", "closed", "closed", "open", "none"),
    ),
    Row("settings/contracts", at("/settings/contracts"), ACCOUNTS),
    Row("settings/contracts/<int:pk>", lambda world: f"/settings/contracts/{offered(world).pk}", MEMBERS),
    Row("withdraw", at("/withdraw"), EVERYBODY),
    Row("cancel", at("/cancel"), EVERYBODY),
    Row("cancel/notify", at("/cancel/notify"), POST_ONLY),
    # overview, usage, billing, documents
    Row("", at("/"), EVERYBODY),
    Row("usage", at("/usage"), OWN),
    Row("usage.csv", at("/usage.csv"), ("sign-in", "open", "open", "open", "open", "none")),
    Row("bills", at("/bills"), OWN),
    Row("balance", at("/balance"), ACCOUNTS),
    Row("payment-methods", at("/payment-methods"), ("sign-in", "open", "closed", "open", "open", "none")),
    Row("payment-methods/save", at("/payment-methods/save"), POST_ONLY),
    Row(
        "payment-methods/saved/<uuid:key>",
        lambda world: f"/payment-methods/saved/{begun_in(world)}",
        ("sign-in", "none", "closed", "away", "away", "none"),
    ),
    Row("payment-methods/automatic/end", at("/payment-methods/automatic/end"), POST_ONLY),
    Row("payment-methods/<int:pk>/first", lambda world: f"/payment-methods/{saved_in(world)}/first", POST_ONLY),
    Row(
        "payment-methods/<int:pk>/remove",
        lambda world: f"/payment-methods/{saved_in(world)}/remove",
        ("sign-in", "none", "closed", "open", "open", "none"),
    ),
    Row("payment-methods/<int:pk>/automatic", lambda world: f"/payment-methods/{saved_in(world)}/automatic", POST_ONLY),
    Row("settings/budgets", at("/settings/budgets"), ACCOUNTS),
    Row("settings/budgets/<int:pk>/remove", lambda world: f"/settings/budgets/{budget_of(world)}/remove", POST_ONLY),
    Row("bills/draft/<month:month>", lambda world: f"/bills/draft/{drafted_in(world)}", MEMBERS),
    Row("bills/recompute.py", at("/bills/recompute.py"), EVERYBODY),
    Row("bills/<bill:number>/lines/<int:position>", lambda world: f"/bills/{world.invoice.number}/lines/1", MEMBERS),
    Row("bills/<bill:number>/usage.csv", lambda world: f"/bills/{world.invoice.number}/usage.csv", MEMBERS),
    Row("bills/<bill:number>/prices.json", lambda world: f"/bills/{world.invoice.number}/prices.json", MEMBERS),
    Row("bills/<bill:number>", lambda world: f"/bills/{world.invoice.number}", MEMBERS),
    Row(
        "bills/<bill:number>.pdf",  # which nobody has rendered yet
        lambda world: f"/bills/{world.invoice.number}.pdf",
        ("sign-in", "none", "later", "later", "later", "none"),
    ),
    Row(
        "bills/<bill:number>.xml",
        lambda world: f"/bills/{world.invoice.number}.xml",
        ("sign-in", "none", "later", "later", "later", "none"),
    ),
    Row("bills/<bill:number>/pay", lambda world: f"/bills/{world.invoice.number}/pay", PAYERS),
    Row("bills/<bill:number>/paid", lambda world: f"/bills/{world.invoice.number}/paid", PAYERS),
    Row("stripe/events", at("/stripe/events"), POST_ONLY),
    # Programs come with a key; being signed in to the console opens one's own sessions and sign-ins alone.
    Row("api/v1/", at("/api/v1/"), ("none",) * 6, keys=("none",) * 3),
    Row("api/v1/openapi.json", at("/api/v1/openapi.json"), EVERYBODY, keys=("open",) * 3),
    Row("api/v1/events", at("/api/v1/events"), POST_ONLY, keys=("post", "post", "post")),
    Row(
        "api/v1/accounts/<path:reference>/usage",
        lambda world: f"/api/v1/accounts/{world.account.reference}/usage",
        NEEDS_KEY,
        keys=ONLY_OURS,
    ),
    Row(
        "api/v1/accounts/<path:reference>/forecast",
        lambda world: f"/api/v1/accounts/{world.account.reference}/forecast",
        NEEDS_KEY,
        keys=ONLY_OURS,
    ),
    # A key stands for its maker; these were made by nobody.
    Row("api/v1/me/sessions", at("/api/v1/me/sessions"), ("no-key", *("open",) * 5), keys=("no-key",) * 3),
    Row("api/v1/me/sessions/<str:id>", lambda world: f"/api/v1/me/sessions/{world.session}", POST_ONLY, keys=("post",) * 3),
    Row("api/v1/me/sign-ins", at("/api/v1/me/sign-ins"), ("no-key", *("open",) * 5), keys=("no-key",) * 3),
    Row("api/v1/bills", at("/api/v1/bills"), NEEDS_KEY, keys=("open", "open", "open")),
    Row("api/v1/bills/<path:number>", lambda world: f"/api/v1/bills/{world.invoice.number}", NEEDS_KEY, keys=ONLY_OURS),
]
