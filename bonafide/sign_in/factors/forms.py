"""allauth's forms of second factors in our words; what they check a code or a passkey with is ours."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms as base
from allauth.mfa.internal.flows.add import validate_can_add_authenticator
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bonafide.sessions.models import Outcome
from bonafide.sign_in.factors.adapter import WRONG_CODE, WRONG_RECOVERY_CODE
from bonafide.sign_in.factors.sealing import Unreadable, seal, unseal
from bonafide.sign_in.factors.use_code import step_of, use_code
from bonafide.sign_in.history import record
from bonafide.sign_in.limits import count_code, forget_tries

REFUSED_PASSKEY = _(
    "This passkey was not accepted. Use one that you added here, and unlock it with your fingerprint, your face or its PIN."
)
LONGEST_NAME = 60
LONGEST_CREDENTIAL = 20_000  # with every statement of its maker a browser's answer stays below half of it
MADE_BY_HAND = (AttributeError, KeyError, TypeError, ValueError)  # what fido2 raises when parts are missing or of another kind
PENDING = "factors.pending_app"  # the sealed secret of an app that is being set up


def code_field(*, label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=100, widget=widget, help_text=help_text)


class _Code(base.BaseAuthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code; each is good once."""

    code = code_field(label=_("Code"), help_text=_("The six digits that your app shows now, or one of your recovery codes."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).exists()
        if not self.has_app:
            self.fields["code"].label, self.fields["code"].help_text = _("Recovery code"), _("One that you have not used yet.")

    def clean_code(self) -> str:
        tries = count_code(request=context.request, user=self.user)
        code: str = self.cleaned_data["code"]
        found = use_code(user=self.user, text=code, now=timezone.now())  # noqa: TID251 - a form's view cannot pass it in
        if found is None:
            self.failed()
            raise ValidationError(WRONG_CODE if self.has_app else WRONG_RECOVERY_CODE, code="incorrect_code")
        forget_tries(request=context.request, key=tries)
        found.user = self.user
        self.authenticator = found
        return code

    def failed(self) -> None:
        mine = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        if first := mine.order_by("-type").first():
            self._emit_authentication_failed(first)


class AuthenticateForm(_Code, base.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in; a wrong code is kept in the person's history."""

    def failed(self) -> None:
        super().failed()
        _keep(self.user, Outcome.WRONG_CODE, "totp")


class ReauthenticateForm(_Code, base.ReauthenticateForm):  # type: ignore[misc]
    pass


class CredentialField(forms.JSONField):
    """What a browser answered for a passkey; text that is none, or far too long or too deep for one, is refused as any other."""

    default_error_messages = {"required": REFUSED_PASSKEY, "invalid": REFUSED_PASSKEY}
    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_CREDENTIAL:
            raise refused()
        try:
            return super().to_python(value)
        except RecursionError:
            raise refused() from None


class _Passkey(forms.Form):
    """Whatever is wrong with a credential that was sent, the answer is one plain line."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                raise
        except MADE_BY_HAND:
            pass
        self.failed()
        raise refused() from None

    def failed(self) -> None:
        """Nothing is kept where somebody who is signed in already confirms who they are."""


def owner_of(credential: Any) -> Any:
    """Whose passkey has the id that this text of a credential names; None for one that we do not know."""
    try:
        sent = CredentialField().clean(credential)["rawId"]
    except (ValidationError, *MADE_BY_HAND):
        return None
    known = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN, data__credential__rawId=str(sent))
    found = known.select_related("user").first()
    return found.user if found else None


def _keep(user: Any, outcome: Outcome, how: str) -> None:
    record(request=context.request, user=user, outcome=outcome, how=how, now=timezone.now())  # noqa: TID251 - as above


def refused() -> ValidationError:
    return ValidationError(REFUSED_PASSKEY, code="refused_passkey")


class AuthenticateWebAuthnForm(_Passkey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    def failed(self) -> None:
        _keep(self.user, Outcome.WRONG_PASSKEY, "webauthn")


class ReauthenticateWebAuthnForm(_Passkey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class LoginWebAuthnForm(_Passkey, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone."""

    def failed(self) -> None:
        """Whose passkey it claims to be is anybody's to write: only one that is known is kept in its owner's history."""
        owner = owner_of(self.data.get("credential"))
        if owner is not None:
            _keep(owner, Outcome.WRONG_PASSKEY, "webauthn")


class AddWebAuthnForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey: always one that asks who holds it, and that can sign in by itself."""

    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, required=False, help_text=_("What you will recognise it by: “phone”, “laptop”.")
    )
    credential = CredentialField()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except (ValidationError, *MADE_BY_HAND):
            raise refused() from None
        return cleaned


class EditWebAuthnForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)


class ActivateTOTPForm(forms.Form):
    """The app's secret is shown once; until a first code proves that the app has it, it waits in the session, sealed."""

    code = code_field(label=_("Code"), help_text=_("The six digits that your app shows for it now."))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.secret = self._pending() if self.is_bound else self._begin()
        self.step: int | None = None

    @staticmethod
    def _begin() -> str:
        secret: str = generate_totp_secret()
        context.request.session[PENDING] = seal(secret)
        return secret

    def _pending(self) -> str:
        try:
            return unseal(context.request.session[PENDING])
        except (KeyError, Unreadable):
            return self._begin()

    def clean_code(self) -> str:
        validate_can_add_authenticator(self.user)
        tries = count_code(request=context.request, user=self.user)
        code: str = self.cleaned_data["code"]
        self.step = step_of(secret=self.secret, text=code, now=timezone.now())  # noqa: TID251 - as above
        if self.step is None:
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        forget_tries(request=context.request, key=tries)
        return code
