"""The pages of second factors: the second step of signing in, confirming who one is, and /settings/security."""

from __future__ import annotations

import base64
import json
from typing import Any

import segno
from allauth.account import views as account
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.sign_in.confirming import Resuming
from bonafide.sign_in.factors import recovery_codes
from bonafide.sign_in.factors.changed import codes_made, factor_added, factor_removed
from bonafide.sign_in.factors.forms import PENDING
from bonafide.sign_in.factors.overview import factors_of
from bonafide.sign_in.factors.remove import LastOfStaff, remove_factor
from bonafide.sign_in.factors.sealing import seal


def written(options: Any) -> str:
    """What the browser is asked to do, as the script reads it from an attribute: our policy forbids inline scripts."""
    return json.dumps(options, cls=DjangoJSONEncoder)


# --- The second step of signing in, and confirming who one is -------------------------------------------------------------
class AuthenticateView(base.AuthenticateView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        factors = factors_of(self.stage.login.user)
        return context | {"factors": factors, "options": written(context["js_data"]["request_options"])}


class ConfirmView(Resuming, account.ReauthenticateView):  # type: ignore[misc]
    """By password; who has nothing to confirm with is asked to sign in again."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not get_account_adapter().get_reauthentication_methods(request.user):
            again = f"{reverse('account_login')}?{urlencode({'next': self.get_next_url() or '/'})}"
            return render(request, "mfa/sign_in_again.html", {"again": again})
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class ConfirmByCodeView(Resuming, base.ReauthenticateView):  # type: ignore[misc]
    pass


class ConfirmByPasskeyView(Resuming, webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    def form_invalid(self, form: Any) -> HttpResponse:
        """Say it where it happened; allauth's leads to the sign-in page, and so away from what one was about to do."""
        refusal: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return refusal

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs) | kwargs
        return context | {"options": written(context["js_data"]["request_options"])}


authenticate = AuthenticateView.as_view()
confirm = ConfirmView.as_view()
confirm_by_code = ConfirmByCodeView.as_view()
confirm_by_passkey = ConfirmByPasskeyView.as_view()
login_webauthn = webauthn.login_webauthn


# --- /settings/security ---------------------------------------------------------------------------------------------------
@require_safe
@login_required
def security(request: HttpRequest) -> HttpResponse:
    return render(request, "mfa/index.html", {"factors": factors_of(request.user)})


class ActivateTOTPView(totp.ActivateTOTPView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super(totp.ActivateTOTPView, self).get_context_data(**kwargs)
        secret = context["form"].secret
        url = get_adapter().build_totp_url(self.request.user, secret)
        groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
        return context | {"qr": segno.make_qr(url).svg_data_uri(scale=4, border=2, light="#fff"), "secret": groups}

    def form_valid(self, form: Any) -> HttpResponse:
        data = {"secret": seal(form.secret), "last_step": form.step}  # the code of now is used, as any other
        try:
            with transaction.atomic():
                app = Authenticator.objects.create(user=self.request.user, type=Authenticator.Type.TOTP, data=data)
                factor_added(request=self.request, factor=app, said=_("Your authenticator app is set up."), now=timezone.now())
        except IntegrityError:  # sent twice; the first one counts
            return redirect("mfa_index")
        self.request.session.pop(PENDING, None)
        return _next_after(self.request)


class AddWebAuthnView(webauthn.AddWebAuthnView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super(webauthn.AddWebAuthnView, self).get_context_data(**kwargs)
        return context | {"options": written(auth.begin_registration(self.request.user, passwordless=True))}

    def form_valid(self, form: Any) -> HttpResponse:
        user: Any = self.request.user
        with transaction.atomic():
            key = auth.WebAuthn.add(user, form.cleaned_data["name"], form.cleaned_data["credential"]).instance
            factor_added(request=self.request, factor=key, said=_("The passkey is added."), now=timezone.now())
        return _next_after(self.request)


def _next_after(request: HttpRequest) -> HttpResponse:
    """Who has no recovery codes yet is shown where to make them, while it is on their mind."""
    return redirect("mfa_index" if recovery_codes.left_of(request.user) else "recovery_codes")


class EditWebAuthnView(webauthn.EditWebAuthnView):  # type: ignore[misc]
    success_url = reverse_lazy("mfa_index")


class _Removing:
    """Asks, then removes; says why when it must stay."""

    request: HttpRequest
    said: str

    def remove(self, factor: Authenticator) -> HttpResponse:
        try:
            with transaction.atomic():
                removed = remove_factor(authenticator=factor)
                factor_removed(request=self.request, removed=removed, said=self.said, now=timezone.now())
        except LastOfStaff:
            messages.error(self.request, get_adapter().error_messages["cannot_delete_authenticator"])
        return redirect("mfa_index")


class RemoveWebAuthnView(_Removing, webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"name": self.object.wrap().name}

    def form_valid(self, form: Any) -> HttpResponse:
        self.said = _("The passkey is removed.")
        return self.remove(self.get_object())


class DeactivateTOTPView(_Removing, totp.DeactivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        self.said = _("The authenticator app is removed.")
        return self.remove(self.authenticator)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def show_recovery_codes(request: HttpRequest) -> HttpResponse:
    """POST makes them and shows them, in this one answer; they are kept nowhere that could show them again."""
    factors = factors_of(request.user)
    if not factors.any:
        messages.info(request, _("Recovery codes stand in for a passkey or an app: add one of these first."))
        return redirect("mfa_index")
    if request.method != "POST":
        return render(request, "mfa/recovery_codes/index.html", {"factors": factors})
    with transaction.atomic():
        kept, codes = recovery_codes.make_codes(user=request.user, now=timezone.now())
        codes_made(request=request, kept=kept, said=_("Ten codes were made."), now=timezone.now())
    file = base64.b64encode("\r\n".join([*codes, ""]).encode("ascii")).decode("ascii")
    return render(request, "mfa/recovery_codes/made.html", {"codes": codes, "file": f"data:text/plain;base64,{file}"})


activate_totp = ActivateTOTPView.as_view()
deactivate_totp = DeactivateTOTPView.as_view()
add_webauthn = AddWebAuthnView.as_view()
edit_webauthn = EditWebAuthnView.as_view()
remove_webauthn = RemoveWebAuthnView.as_view()
