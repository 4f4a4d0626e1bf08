"""allauth's forms in our words: a label over each field, help under it, nothing written inside it."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.forms import BooleanField, PasswordInput
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bonafide.sign_in.names import is_taken
from bonafide.sign_in.passwords import LONGEST, LONGEST_EVER

LONGEST_ADDRESS = 254
TOO_LONG = _("Please use at most %(limit_value)d characters.")


def password_help() -> str:
    """What a password must be; said once, in a line."""
    shortest = settings.OPERATOR.sign_in.password_min_length
    return ngettext(
        "At least %(count)d character. A few unrelated words are easy to remember and hard to guess.",
        "At least %(count)d characters. A few unrelated words are easy to remember and hard to guess.",
        shortest,
    ) % {"count": shortest}


class Plain:
    """Takes the placeholders out and puts our labels and help in."""

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.help_text = password_help() if name == "password1" else ""
            if name in self.labels:
                field.label = self.labels[name]
            if isinstance(field.widget, PasswordInput):
                field.widget.attrs |= {"data-show": _("Show"), "data-hide": _("Hide")}
                # Never as the input's maxlength: browsers cut what is pasted there, and say nothing.
                longest = LONGEST if name == "password1" else LONGEST_EVER
                field.validators.append(MaxLengthValidator(longest, TOO_LONG))


class SignInForm(Plain, allauth.LoginForm):  # type: ignore[misc]
    labels = {
        "login": _("Username or e-mail address"),
        "password": _("Password"),
        "remember": _("Keep me signed in on this device"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["login"].validators.append(MaxLengthValidator(LONGEST_ADDRESS, TOO_LONG))


class Newcomer:
    """Of a form for signing up: the two fields by which somebody new is known."""

    name_taken = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields  # type: ignore[attr-defined]
        fields["username"].help_text = _("Letters a to z, digits and . _ - only.")
        fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
        fields["email"].help_text = _("We send a letter there to check that it is yours.")
        fields["email"].validators.append(MaxLengthValidator(LONGEST_ADDRESS, TOO_LONG))
        # Asked here because the law asks for it here: docs/decisions/0013-letters.md
        no_news = _("Send me no news of the service. Otherwise a few letters a year come, which can be refused at any time.")
        fields["no_news"] = BooleanField(required=False, label=no_news)

    def clean_username(self) -> str:
        """Whether the name is free is not said here: that the letter tells to whoever can read it."""
        name: str = get_adapter().clean_username(self.cleaned_data["username"], shallow=True)  # type: ignore[attr-defined]
        self.name_taken = is_taken(name)
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()  # type: ignore[misc]
        self.account_already_exists: bool = self.account_already_exists or self.name_taken
        return cleaned


class SignUpForm(Newcomer, Plain, allauth.SignupForm):  # type: ignore[misc]
    labels = {"username": _("Username"), "email": _("E-mail address"), "password1": _("Password")}


class ResetPasswordForm(Plain, allauth.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": _("E-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].validators.append(MaxLengthValidator(LONGEST_ADDRESS, TOO_LONG))


class ResetPasswordKeyForm(Plain, allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("New password, again")}

    def save(self) -> None:
        get_adapter().reset_password(self.user, self.cleaned_data["password1"])


class ChangePasswordForm(Plain, allauth.ChangePasswordForm):  # type: ignore[misc]
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password, again"),
    }


class SetPasswordForm(Plain, allauth.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("New password, again")}


class ConfirmForm(Plain, allauth.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": _("Password")}
