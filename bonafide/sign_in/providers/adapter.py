"""How django-allauth's part for providers behaves here."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bonafide.outgoing.web_client import Session
from bonafide.sessions.models import Outcome
from bonafide.sign_in.history import record
from bonafide.sign_in.names import is_taken, tidy, validate_name
from bonafide.sign_in.providers.declared import apps

logger = logging.getLogger(__name__)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Nobody is recognised by an address: who has a login connects the provider to it themselves, once signed in."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": _("This is your only way in. Choose a password first, then disconnect it."),
        "no_verified_email": _("Confirm an e-mail address first, then disconnect it."),
        "connected_other": _("That account is connected to another login already."),
    }

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:
        """Those of the operator's file; none from the database, where allauth would also look."""
        return [
            app
            for app in apps()
            if (provider is None or provider in (app.provider, app.provider_id)) and client_id in (None, app.client_id)
        ]

    def get_requests_session(self) -> Session:
        """Everything that we ask a provider leaves through the door."""
        return Session(seconds=app_settings.REQUESTS_TIMEOUT)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Never: else whoever gets a provider to vouch for an address takes over the login that has it."""
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        """The name they have there is proposed if it can be had here."""
        user = super().populate_user(request, sociallogin, data)
        name = tidy(data.get("username") or "")
        try:
            validate_name(name)
        except ValidationError:
            name = ""
        user.username = "" if is_taken(name) else name
        return user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Kept in the log, and in the history of whoever was connecting it; of anybody else we do not know who they are."""
        level = logging.INFO if error == AuthError.CANCELLED else logging.WARNING  # saying no is everybody's right
        logger.log(level, "signing in with %s came to nothing: %s", provider.app.provider_id, exception or error)
        if request.user.is_authenticated:
            way = f"socialaccount:{provider.app.provider_id}"
            record(request=request, user=request.user, outcome=Outcome.PROVIDER_REFUSED, how=way, now=timezone.now())  # noqa: TID251

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("mfa_index")


def verified_address(login: SocialLogin) -> str:
    """The address that the provider has verified; empty for none."""
    addresses: list[EmailAddress] = login.email_addresses
    return next((str(address.email) for address in addresses if address.verified), "")
