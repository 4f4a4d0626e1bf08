"""What owners fill in about members; and that staff, too, leave every account an owner."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bonafide.accounts.models import Membership
from bonafide.accounts.owners import LastOwner, hold_account, keep_an_owner
from bonafide.accounts.plain import plain_email

# What each role may do, said under its name to who gives it and to who gets it.
ROLES = {
    Membership.Role.VIEWER: gettext_lazy("Sees usage and bills."),
    Membership.Role.BILLING: gettext_lazy("Sees usage and bills, and looks after how bills are addressed and paid."),
    Membership.Role.OWNER: gettext_lazy("May do everything: also members, roles and API keys."),
}


def role_choices() -> list[tuple[str, str]]:
    return [(role.value, format_html("{}<br><small>{}</small>", role.label, text)) for role, text in ROLES.items()]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=role_choices, widget=forms.RadioSelect)


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("Whoever reads this mailbox can become a member. The letter's link works once, for seven days."),
    )
    field_order = ["email", "role"]

    def clean_email(self) -> str:
        return plain_email(self.cleaned_data["email"])


class OwnerStays(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows of members in the back office: those of one account, or those of one person in several."""

    def clean(self) -> None:
        super().clean()
        if any(
            form.has_changed() and form.cleaned_data.get("user") and form.cleaned_data["user"].is_staff for form in self.forms
        ):
            raise ValidationError(_("Staff act for a customer by a visit, which the customer sees, not as a member."))
        kept = [form.cleaned_data for form in self.forms if self._is_owner_after(form)]
        kept_accounts = {row["account"].pk for row in kept if row["user"].is_active}
        lost: dict[int, list[int]] = {}
        for form in self.initial_forms:
            if form.initial.get("role") == Membership.Role.OWNER and not self._is_owner_after(form):
                lost.setdefault(form.initial["account"], []).append(form.initial["user"])
        for account_id, users in lost.items():
            if account_id in kept_accounts:
                continue
            hold_account(account_id)  # the back office saves in one transaction with this look
            try:
                keep_an_owner(account_id=account_id, without=users)
            except LastOwner as refusal:
                raise ValidationError(str(refusal)) from None

    def _is_owner_after(self, form: Any) -> bool:
        data = getattr(form, "cleaned_data", {})
        return data.get("role") == Membership.Role.OWNER and not data.get("DELETE") and {"user", "account"} <= data.keys()
