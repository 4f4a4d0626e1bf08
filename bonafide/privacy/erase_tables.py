"""The tables that an erasure goes through."""

from __future__ import annotations

from bonafide.holdings import Basis, Ends, Holding, Kept, Kind, Swept, Table, Whose, WithAccount, WithLogin


def _one(model: str, kind: Kind, ends: Ends, *columns: str, person: str = "", account: str = "") -> Table:
    holding = Holding(kind, columns, "", Whose.LOGINS, "", Basis.CONTRACT, ends, "", person, account)
    return Table(model, holdings=(holding,))


_HISTORY = "retention.history_months"
TABLES = (
    _one("console_sessions.SignIn", Kind.HISTORIES, Swept(_HISTORY, "at"), person="user_id"),
    _one("console_sessions.Session", Kind.HISTORIES, Swept(_HISTORY, "ended_at"), person="user_id"),
    _one("sign_in.KnownBrowser", Kind.HISTORIES, Swept(_HISTORY, "last_seen_at"), person="user_id"),
    _one("sign_in.Alarm", Kind.LETTERS, WithLogin(), person="letter__user_id"),
    _one("sign_in.SecurityLetter", Kind.LETTERS, Swept("retention.letters_days", "at"), person="user_id"),
    _one("accounts.EmailChange", Kind.IDENTITY, Swept("retention.invitations_days", "expires_at"), person="user_id"),
    _one("account.EmailConfirmation", Kind.SIGN_UP, WithLogin(), person="email_address__user_id"),
    _one("account.EmailAddress", Kind.IDENTITY, WithLogin(), person="user_id"),
    _one("mfa.Authenticator", Kind.SIGN_UP, WithLogin(), person="user_id"),
    _one("socialaccount.SocialAccount", Kind.SIGN_UP, WithLogin(), person="user_id"),
    _one("terms.Acceptance", Kind.RECORDS, WithLogin(), person="user_id"),
    _one("admin.LogEntry", Kind.HISTORIES, WithLogin(), person="user_id"),
    _one("privacy.Look", Kind.LOOKS, Swept("retention.looks_months", "at", (("thing", ""), ("reason", ""))), person="person_id"),
    Table(
        "accounts.User",
        holdings=(
            Holding(
                Kind.SIGN_UP,
                ("username", "password", "last_login", "language", "reset_required_at"),
                "",
                Whose.LOGINS,
                "",
                Basis.CONTRACT,
                WithLogin(),
                "",
                "pk",
            ),
            Holding(Kind.IDENTITY, ("email",), "", Whose.LOGINS, "", Basis.CONTRACT, WithLogin(), "", "pk"),
        ),
    ),
    _one("accounts.Invitation", Kind.IDENTITY, Swept("retention.invitations_days", "expires_at"), account="account_id"),
    _one("accounts.AccountChange", Kind.HISTORIES, Swept("retention.changes_months", "at"), person="by_id", account="account_id"),
    _one("accounts.ApiKey", Kind.SIGN_UP, WithAccount(), person="made_by_id", account="account_id"),
    _one("billing.Invoice", Kind.BILLS, Kept(Kind.BILLS), account="account_id"),
    _one("accounts.Account", Kind.IDENTITY, WithAccount(), "name", "street", "postcode", "city", account="pk"),
)
