"""What this package holds of people: logins, accounts, and who may do what for whom."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import (
    ACCOUNT_CLOSED,
    ISSUED_STAYS,
    LOGIN_ERASED,
    SWEEP,
    UNCONFIRMED,
    Basis,
    Holding,
    Kept,
    Kind,
    Swept,
    Table,
    Whose,
    WithAccount,
    WithLogin,
)

_TO_LET_IN = _("to let people in, and nobody else")
_TO_BILL = _("to know whom to bill, and where to write")
_WHO_DID_WHAT = _("so that those who answer for an account see who changed what")
_RIGHTS = _("to know who of our staff may do what")

_PEOPLE = (
    Table(
        "accounts.User_groups",
        called=_("groups of staff"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("user_id", "group_id"),
                what=_("the groups somebody of our staff is in"),
                whose=Whose.STAFF,
                why=_RIGHTS,
                basis=Basis.INTEREST,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
            ),
        ),
    ),
    Table(
        "accounts.User_user_permissions",
        called=_("rights of staff"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("user_id", "permission_id"),
                what=_("what somebody of our staff may do"),
                whose=Whose.STAFF,
                why=_RIGHTS,
                basis=Basis.INTEREST,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
            ),
        ),
    ),
    Table(
        "accounts.EmailChange",
        called=_("changes of address"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.IDENTITY,
                columns=("user_id", "email", "digest", "password_digest", "asked_at", "expires_at", "ended_at"),
                what=_("e-mail addresses that somebody asked for instead of theirs"),
                whose=Whose.LOGINS,
                why=_("to confirm an address from its mailbox"),
                basis=Basis.CONTRACT,
                ends=Swept("retention.invitations_days", since="expires_at"),
                enforced_by=SWEEP,
                person="user_id",
            ),
        ),
    ),
    Table(
        # Rows stand here for everybody who signed up; those who never confirmed are erased by bonafide.privacy.erase_sign_ups.
        "accounts.User",
        called=_("logins"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=(
                    "password",
                    "last_login",
                    "is_superuser",
                    "username",
                    "is_staff",
                    "is_active",
                    "date_joined",
                    "language",
                    "reset_required_at",
                ),
                what=_("username, a digest of the password, language, since when"),
                whose=Whose.LOGINS,
                why=_TO_LET_IN,
                basis=Basis.CONTRACT,
                ends=WithLogin(unconfirmed=UNCONFIRMED),
                enforced_by=LOGIN_ERASED,
                person="pk",
                since="date_joined",
            ),
            Holding(
                kind=Kind.IDENTITY,
                columns=("email",),
                what=_("the e-mail address of a login"),
                whose=Whose.LOGINS,
                why=_("to write about security, bills and the contract"),
                basis=Basis.CONTRACT,
                ends=WithLogin(unconfirmed=UNCONFIRMED),
                enforced_by=LOGIN_ERASED,
                person="pk",
                since="date_joined",
            ),
        ),
    ),
    # Names of what staff may do, of groups and of tables: nothing in them is about anybody.
    Table("auth.Group_permissions", plain=("id", "group_id", "permission_id")),
    Table("auth.Group", plain=("id", "name")),
    Table("auth.Permission", plain=("id", "name", "content_type_id", "codename")),
    Table("contenttypes.ContentType", plain=("id", "app_label", "model")),
)

_ACCOUNTS = (
    Table(
        "accounts.Membership",
        called=_("members"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=("user_id", "account_id", "role", "created_at"),
                what=_("who may act for which account, as what"),
                whose=Whose.LOGINS,
                why=_("to know who may act for an account"),
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
                account="account_id",
                since="created_at",
            ),
        ),
    ),
    Table(
        "accounts.Invitation",
        called=_("invitations"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.IDENTITY,
                columns=(
                    "account_id",
                    "email",
                    "role",
                    "digest",
                    "invited_by_id",
                    "created_at",
                    "expires_at",
                    "accepted_at",
                    "withdrawn_at",
                ),
                what=_("who was invited, by whom, to which account"),
                whose=Whose.INVITED,
                why=_("to let somebody join an account"),
                basis=Basis.INTEREST,
                ends=Swept("retention.invitations_days", since="expires_at"),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        # ``fields`` are names of columns, never what stood in them.
        "accounts.AccountChange",
        called=_("changes of accounts"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.HISTORIES,
                columns=("account_id", "by_id", "at", "fields"),
                what=_("who changed what of an account"),
                whose=Whose.LOGINS,
                why=_WHO_DID_WHAT,
                basis=Basis.INTEREST,
                ends=Swept("retention.changes_months", since="at"),
                enforced_by=SWEEP,
                person="by_id",
                account="account_id",
            ),
        ),
    ),
    Table(
        # What VIES answered names a company, and so somebody who trades under their own name: name, address, free text.
        "accounts.VatCheck",
        called=_("checks of VAT numbers"),
        plain=("id", "account_id", "outcome", "asked_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("number", "consultation_number", "name", "address", "detail"),
                what=_("what the register of VAT numbers answered: number, name, address"),
                whose=Whose.CUSTOMERS,
                why=_("to prove why a bill is without VAT (Reg. (EU) 282/2011 art. 18)"),
                basis=Basis.LAW,
                ends=Kept(
                    Kind.BILLS,
                    since="asked_at",
                    emptied=(("number", ""), ("consultation_number", ""), ("name", ""), ("address", ""), ("detail", "")),
                ),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        "accounts.ApiKey",
        called=_("API keys"),
        plain=("id", "end_told"),
        holdings=(
            Holding(
                kind=Kind.SIGN_UP,
                columns=(
                    "account_id",
                    "made_by_id",
                    "name",
                    "start",
                    "digest",
                    "scopes",
                    "created_at",
                    "expires_at",
                    "revoked_at",
                    "last_used_at",
                ),
                what=_("API keys: name, a digest, who made them, when last used"),
                whose=Whose.LOGINS,
                why=_("to let programs in, and nobody else"),
                basis=Basis.CONTRACT,
                ends=WithAccount(),
                enforced_by=ACCOUNT_CLOSED,
                person="made_by_id",
                account="account_id",
                since="created_at",
            ),
        ),
    ),
    # Of accounts that were never real: what time it is for them.
    Table("accounts.Clock", plain=("account_id", "now_at", "open_month", "events_after")),
    Table(
        "accounts.Account",
        called=_("accounts"),
        plain=("id", "is_test"),
        holdings=(
            Holding(
                kind=Kind.IDENTITY,
                columns=(
                    "name",
                    "street",
                    "postcode",
                    "city",
                    "country",
                    "vat_number",
                    "registration",
                    "purchase_order",
                    "billing_email",
                ),
                what=_("name, postal address, company numbers, address for bills"),
                whose=Whose.CUSTOMERS,
                why=_TO_BILL,
                basis=Basis.CONTRACT,
                # A name must stand there: the table refuses an empty one. The country says nothing of who it was.
                ends=WithAccount(
                    emptied=(
                        ("name", "erased"),
                        ("street", ""),
                        ("postcode", ""),
                        ("city", ""),
                        ("vat_number", ""),
                        ("registration", ""),
                        ("purchase_order", ""),
                        ("billing_email", ""),
                    )
                ),
                enforced_by=ACCOUNT_CLOSED,
                account="pk",
                since="created_at",
            ),
            Holding(
                # What bills and usage hang on; the operator's other systems know the customer by the reference.
                kind=Kind.BILLS,
                columns=("reference", "kind", "language", "created_at", "closed_at"),
                what=_("that there is an account: its reference, since when, until when"),
                whose=Whose.CUSTOMERS,
                why=_("to know whose bills are whose"),
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="pk",
                since="created_at",
            ),
        ),
    ),
)

TABLES = (*_ACCOUNTS, *_PEOPLE)
