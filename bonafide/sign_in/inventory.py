"""What this package holds of people: what opens a login, browsers they came with, letters about security, counted tries.

The tables of django-allauth are declared here: this package is what uses them.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import LOGIN_ERASED, SWEEP, UNCONFIRMED, Basis, Holding, Kind, Soon, Swept, Table, Whose, WithLogin

_TO_LET_IN = _("to let people in, and nobody else")
_TO_WARN = _("to warn people of what happens to their login")
_PROVIDERS = _("to let people in with a provider that they chose")

_OURS = (
    Table(
        "sign_in.KnownBrowser",
        called=_("known browsers"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.HISTORIES,
                columns=("user_id", "digest", "first_seen_at", "last_seen_at"),
                what=_("browsers that somebody has signed in with, as a digest"),
                whose=Whose.LOGINS,
                why=_TO_WARN,
                basis=Basis.INTEREST,
                ends=Swept("retention.history_months", since="last_seen_at"),
                enforced_by=SWEEP,
                person="user_id",
            ),
        ),
    ),
    Table(
        "sign_in.Alarm",
        called=_("links in letters about security"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.LETTERS,
                columns=("letter_id", "digest", "expires_at"),
                what=_("digests of the links by which somebody says that it was not them"),
                whose=Whose.LOGINS,
                why=_TO_WARN,
                basis=Basis.INTEREST,
                ends=Swept("retention.letters_days", since="letter__at"),
                enforced_by=SWEEP,
                person="letter__user_id",
            ),
        ),
    ),
    Table(
        # ``details`` holds what the words of the letter name: addresses before and after, a browser, a provider, a key's name.
        "sign_in.SecurityLetter",
        called=_("letters about security"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.LETTERS,
                columns=(
                    "user_id",
                    "event",
                    "at",
                    "address",
                    "details",
                    "try_at",
                    "attempts",
                    "sent_at",
                    "raised_at",
                    "undone",
                ),
                what=_("letters about security: of what, to which address, when"),
                whose=Whose.LOGINS,
                why=_TO_WARN,
                basis=Basis.INTEREST,
                ends=Swept("retention.letters_days", since="at"),
                enforced_by=SWEEP,
                person="user_id",
            ),
        ),
    ),
    Table(
        # Whose tries are counted cannot be read (the key is an HMAC): these rows lead to nobody, and are declared all the same.
        "sign_in.Shared",
        called=_("counted tries"),
        holdings=(
            Holding(
                kind=Kind.ADDRESSES,
                columns=("key", "value", "expires_at"),
                what=_("how often something was tried, by keyed digests of IP addresses, names and logins"),
                whose=Whose.VISITORS,
                why=_("to stop whoever guesses passwords and codes"),
                basis=Basis.INTEREST,
                ends=Soon(1, _("each count is deleted when it no longer limits anything, after a day at most")),
                enforced_by="bonafide.sign_in.shared_store.forget_spent",
            ),
        ),
    ),
)

_ALLAUTH = (
    Table(
        # The links of letters are signed, not stored: the table stays empty.
        "account.EmailConfirmation",
        called=_("confirmations of addresses"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("email_address_id", "created", "sent", "key"),
                what=_("letters that confirm an address"),
                whose=Whose.LOGINS,
                why=_("to confirm an address from its mailbox"),
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="email_address__user_id",
                since="created",
            ),
        ),
    ),
    Table(
        "account.EmailAddress",
        called=_("e-mail addresses of logins"),
        plain=("id", "primary"),
        holdings=(
            Holding(
                kind=Kind.IDENTITY,
                columns=("user_id", "email", "verified"),
                what=_("e-mail addresses, and whether they are confirmed"),
                whose=Whose.LOGINS,
                why=_("to confirm an address from its mailbox"),
                basis=Basis.CONTRACT,
                ends=WithLogin(unconfirmed=UNCONFIRMED),
                enforced_by=LOGIN_ERASED,
                person="user_id",
            ),
        ),
    ),
    Table(
        # ``data`` is JSON: a sealed secret, digests of recovery codes, the public half of a passkey and its name.
        "mfa.Authenticator",
        called=_("second factors"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("user_id", "type", "data", "created_at", "last_used_at"),
                what=_("authenticator apps, passkeys and recovery codes"),
                whose=Whose.LOGINS,
                why=_TO_LET_IN,
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
                since="created_at",
            ),
        ),
    ),
    Table(
        # Tokens of providers are thrown away (SOCIALACCOUNT_STORE_TOKENS): the table stays empty.
        "socialaccount.SocialToken",
        called=_("tokens of providers"),
        plain=("id", "app_id"),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("account_id", "token", "token_secret", "expires_at"),
                what=_("tokens of providers"),
                whose=Whose.LOGINS,
                why=_PROVIDERS,
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="account__user_id",
            ),
        ),
    ),
    Table(
        # ``extra_data`` is JSON: what the provider said of the person, cut down by sign_in/providers/client.py.
        "socialaccount.SocialAccount",
        called=_("providers to sign in with"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("user_id", "provider", "uid", "last_login", "date_joined", "extra_data"),
                what=_("at which provider somebody signs in, under which number"),
                whose=Whose.LOGINS,
                why=_PROVIDERS,
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
                since="date_joined",
            ),
        ),
    ),
    # Providers are those of the operator's file: the table stays empty.
    Table(
        "socialaccount.SocialApp",
        plain=("id", "provider", "provider_id", "name", "client_id", "secret", "key", "settings"),
    ),
)

TABLES = (*_OURS, *_ALLAUTH)
