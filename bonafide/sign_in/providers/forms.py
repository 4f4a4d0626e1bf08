"""The sign-up of somebody whom a provider vouches for."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount import forms as allauth
from django.utils.translation import gettext_lazy as _

from bonafide.sign_in.forms import Newcomer, Plain
from bonafide.sign_in.providers.adapter import verified_address


class ProviderSignUpForm(Newcomer, Plain, allauth.SignupForm):  # type: ignore[misc]
    """Username and address; no password. The address stands if the provider has verified it, else our letter does that."""

    labels = {"username": _("Username"), "email": _("E-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verified = verified_address(self.sociallogin)
        if verified:
            email = self.fields["email"]
            email.initial = self.initial["email"] = verified
            email.disabled = True
            email.help_text = _("Confirmed by %(name)s. You can change it later.") % {"name": self.sociallogin.provider.name}
