"""How allauth's second factors behave here: our words, secrets sealed, the console's own name and address."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bonafide.sign_in.factors.sealing import seal, unseal

WRONG_CODE = _("This code is wrong, or was used already. An app's codes change every half minute: take the one it shows now.")
WRONG_RECOVERY_CODE = _("This code is wrong, or was used already.")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Staff keep at least one second factor. Add another one first, then this one can be removed."
        ),
        "incorrect_code": WRONG_CODE,
        "unverified_email": _("Confirm your e-mail address first: the letter with the link is on its way to you."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        return settings.OPERATOR.identity.trade_name

    def get_totp_label(self, user: Any) -> str:
        return f"{self.get_totp_issuer()}:{user.username}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_last_of_staff(authenticator)

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else ngettext("Passkey %(n)d", "Passkey %(n)d", number) % {"n": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the console's own host, whatever name the request came in by."""
        return {"id": settings.CONSOLE_HOST, "name": settings.OPERATOR.identity.trade_name}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "name": user.username, "display_name": user.username}


def is_last_of_staff(authenticator: Authenticator) -> bool:
    """Whether somebody of the staff would be left without a second factor."""
    others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
    return authenticator.user.is_staff and not others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
