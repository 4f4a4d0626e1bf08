"""Who may send something to which route: the table of everything that is not a look.

Added a route that takes POST (or PUT, PATCH, DELETE)? Add its row: the route, the least that it accepts, and what each of the six
gets who has freshly confirmed who they are. Where the table says ``away`` it was done, or asks for more on another page. Whoever
comes without our token gets nothing done anywhere; a visit opens what ``bonafide/privacy/visit_routes.py`` says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.web.access import World

Body = dict[str, object]

LINK = ("none",) * 6  # a link that was never given out
# Forms of a person about themselves, sent with nothing in them.
OWN_FORM = ("sign-in", "open", "open", "open", "open", "open")
ENTRANCE_FORM = ("open", "away", "away", "away", "away", "away")
ANYBODYS_FORM = ("open",) * 6
AWAY = ("sign-in", "away", "away", "away", "away", "away")
OWNERS_DO = ("sign-in", "none", "closed", "closed", "away", "none")


@dataclass(frozen=True)
class Unsafe:
    """``body`` makes what is sent from the world. ``token``: whether the route asks for ours (programs bring a key instead)."""

    route: str
    outcomes: tuple[str, str, str, str, str, str]
    body: Callable[[World], Body] = field(default=lambda world: {})
    method: str = "post"
    token: bool = True
    visitor: str = ""


# Routes that answer the same page whatever is sent to them, and why that is harmless.
DEAF = {
    "api/v1/openapi.json": "a description that nothing changes",
    r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "a link that was never given out: the page says so",
}

UNSAFE = [
    # accounts
    Unsafe(
        "accounts/switch",
        ("sign-in", "none", "away", "away", "away", "none"),
        lambda world: {"account": world.account.reference},
    ),
    Unsafe("language", ("away",) * 6, lambda world: {"language": "en"}),
    Unsafe(
        "settings/members/invite",
        ("sign-in", "away", "closed", "closed", "away", "none"),
        lambda world: {"email": "tom@example.com", "role": "viewer"},
    ),
    Unsafe("settings/members/leave", ("sign-in", "open", "away", "away", "away", "none")),
    Unsafe("settings/members/<int:pk>", OWNERS_DO, lambda world: {"role": "viewer"}),
    Unsafe("settings/members/<int:pk>/remove", OWNERS_DO),
    Unsafe("settings/members/invitations/<int:pk>/send", OWNERS_DO),
    Unsafe("settings/members/invitations/<int:pk>/withdraw", OWNERS_DO),
    Unsafe("invitations/<str:token>", LINK),
    Unsafe(
        "settings/api-keys/new",  # the page that shows the new key, once
        ("sign-in", "open", "closed", "closed", "open", "none"),
        lambda world: {"name": "reader", "scopes": ["bills:read"], "ends": "365"},
    ),
    Unsafe("settings/api-keys/<int:pk>/revoke", OWNERS_DO),
    Unsafe("settings/profile/email", OWN_FORM),
    Unsafe("settings/profile/email/send", AWAY),
    Unsafe("settings/profile/email/cancel", AWAY),
    Unsafe("confirm-address/<str:token>", LINK),
    Unsafe("settings/company", ("sign-in", "open", "closed", "open", "open", "none")),
    Unsafe("settings/company/ask-vies", ("sign-in", "away", "closed", "away", "away", "none")),
    # billing
    Unsafe("balance", ("sign-in", "open", "closed", "open", "open", "none"), lambda world: {"code": "NONE-SUCH"}),
    Unsafe("settings/budgets", ("sign-in", "away", "closed", "away", "away", "none"), lambda world: {"amount": "50"}),
    Unsafe("payment-methods/save", ("sign-in", "none", "closed", "none", "none", "none")),  # Stripe is off
    Unsafe("payment-methods/automatic/end", ("sign-in", "away", "closed", "away", "away", "none")),
    Unsafe("payment-methods/<int:pk>/first", ("sign-in", "none", "closed", "away", "away", "none")),
    Unsafe("payment-methods/<int:pk>/remove", ("sign-in", "none", "closed", "none", "none", "none")),
    Unsafe("payment-methods/<int:pk>/automatic", ("sign-in", "none", "closed", "none", "none", "none")),
    Unsafe("settings/budgets/<int:pk>/remove", ("sign-in", "none", "closed", "away", "away", "none")),
    # payments
    Unsafe("bills/<bill:number>/pay", ("sign-in", "none", "closed", "open", "open", "none")),  # by Stripe, which is off here
    Unsafe("stripe/events", ("none",) * 6, token=False),  # the same
    # contracts
    Unsafe("order/<str:code>", ("sign-in", "open", "closed", "closed", "open", "none")),  # sent with nothing in it
    Unsafe("withdraw", ANYBODYS_FORM),
    Unsafe("cancel", ANYBODYS_FORM),
    Unsafe("cancel/notify", ("away",) * 6),  # what was not looked at before is sent nowhere
    # sign_in
    Unsafe("account/login/", ENTRANCE_FORM),
    Unsafe("account/not-me/<str:token>/", LINK),
    Unsafe("account/signup/", ENTRANCE_FORM),
    Unsafe("account/logout/", ("sign-in",) * 6),
    Unsafe(r"^account/confirm-email/(?P<key>[-:\w]+)/$", LINK),
    Unsafe("account/password/change/", OWN_FORM),
    Unsafe("account/password/set/", AWAY),
    Unsafe("account/password/reset/", ANYBODYS_FORM),
    Unsafe(r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", ANYBODYS_FORM),
    # sign_in: second factors
    Unsafe("account/login/passkey/", AWAY),
    Unsafe("account/login/second-step/", AWAY),
    Unsafe("account/confirm/", OWN_FORM),
    Unsafe("account/confirm/code/", ("sign-in", "away", "away", "away", "away", "open")),
    Unsafe("account/confirm/passkey/", AWAY),
    # Of the six, staff alone have an app: it is there already, its removal is refused with a page, and they get new codes.
    Unsafe("settings/security/app", ("sign-in", "open", "open", "open", "open", "away")),
    Unsafe("settings/security/app/remove", ("sign-in", "none", "none", "none", "none", "open")),
    Unsafe("settings/security/passkeys/add", OWN_FORM),
    Unsafe("settings/security/passkeys/<int:pk>/rename", ("sign-in", *LINK[1:])),
    Unsafe("settings/security/passkeys/<int:pk>/remove", ("sign-in", *LINK[1:])),
    Unsafe("settings/security/recovery-codes", ("sign-in", "away", "away", "away", "away", "open")),
    # sign_in: providers, of which none is declared here
    Unsafe("account/provider/signup/", ("sign-in",) * 6),
    Unsafe("account/provider/<slug:provider_id>/", LINK),
    Unsafe("settings/security/providers/<int:pk>/disconnect", ("sign-in", *LINK[1:])),
    Unsafe("settings/security/providers/<slug:provider_id>/connect", ("sign-in", *LINK[1:])),
    # sessions
    Unsafe("settings/sessions/end-others", AWAY),
    Unsafe("settings/sessions/<uuid:pk>/end", ("sign-in", *LINK[1:])),
    # mail
    Unsafe("settings/letters", AWAY, lambda world: {"purpose": "news", "want": "no"}),
    # By a reader's mail program, which has no token of ours: what it may do stands in the signed link (RFC 8058).
    Unsafe("letters/refuse/<str:token>", LINK, token=False),
    # privacy
    # Strangers are the last owner of their account, and staff are staff: both are told what has to be done first.
    Unsafe("settings/privacy/erase", OWN_FORM),
    Unsafe("settings/privacy/export", OWN_FORM),
    Unsafe("visit/end", ("sign-in", *LINK[1:]), visitor="away"),
    # terms
    Unsafe("terms/accept", AWAY, lambda world: {"version": "1"}),
    # api
    Unsafe("api/v1/events", ("no-key",) * 6, token=False),
    Unsafe("api/v1/me/sessions", ("no-key", *OWN_FORM[1:]), method="delete"),
    Unsafe("api/v1/me/sessions/<str:id>", ("no-key", *LINK[1:]), method="delete"),
]
