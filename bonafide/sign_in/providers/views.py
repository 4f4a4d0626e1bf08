"""Going to a provider, coming back, and what one has connected."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal import ratelimit
from allauth.socialaccount import views as allauth
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.internal.flows.connect import validate_disconnect
from allauth.socialaccount.internal.flows.signup import clear_pending_signup, complete_social_signup
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.contrib import messages
from django.contrib.auth import SESSION_KEY as USER_ID
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from bonafide.sessions.client import client_of
from bonafide.sessions.hold import SessionEnded, hold
from bonafide.sign_in.changes import changed
from bonafide.sign_in.models import Event
from bonafide.sign_in.newcomers import SaysByLetter, first_account
from bonafide.sign_in.providers.adapter import verified_address
from bonafide.sign_in.providers.client import Client
from bonafide.sign_in.providers.declared import name_of, named

CONNECTING = "connecting_provider"
limited = ratelimit.decorator(app="allauth.account", action="provider", limit_get=True)


def _client(request: HttpRequest, provider_id: str) -> Client:
    if named(provider_id) is None:
        raise Http404
    return Client(request, provider_id)


def _go(request: HttpRequest, client: Client, process: str, next_url: str | None) -> HttpResponse:
    provider = client.get_provider()
    try:
        response: HttpResponse = provider.redirect(request, process, next_url)
    except OAuth2Error as error:
        response = render_authentication_error(request, provider, exception=error)
    return response


# --- Signing in -----------------------------------------------------------------------------------------------------------
@require_POST
@never_cache
@limited  # type: ignore[untyped-decorator]
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Pressed on the pages for signing in and up."""
    client = _client(request, provider_id)
    if request.user.is_authenticated:
        return redirect("/")
    return _go(request, client, AuthProcess.LOGIN, get_next_redirect_url(request))


@require_GET
@never_cache
@limited  # type: ignore[untyped-decorator]
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to. The state says what we asked, and works once, in this browser alone."""
    client = _client(request, provider_id)
    provider = client.get_provider()
    state = statekit.unstash_state(request, provider_id=provider.sub_id, state_id=request.GET.get("state", ""))
    request.session.client = client_of(request)  # type: ignore[attr-defined]  # allauth has put another session object there
    if state is None:
        return _refused(request, provider, exception=OAuth2Error("the state is unknown, too old or was used already"))
    if "error" in request.GET or "code" not in request.GET:
        cancelled = request.GET.get("error") == client.login_cancelled_error
        return _refused(request, provider, error=AuthError.CANCELLED if cancelled else AuthError.UNKNOWN)
    client.nonce = str(state.get("nonce", ""))
    try:
        login = _vouched_for(request, client, state)
    except OAuth2Error as error:
        return _refused(request, provider, exception=error)
    with transaction.atomic():
        if request.user.is_authenticated:
            if USER_ID not in request.session:  # which reads it anew: it may have ended while we waited for the provider
                raise SessionEnded("the session has ended")
            hold(request)
        response: HttpResponse = complete_social_login(request, login)
    return response


def _vouched_for(request: HttpRequest, client: Client, state: dict[str, Any]) -> Any:
    """:raises OAuth2Error: when the provider vouches for nobody in a way that can be believed."""
    if request.GET.get("iss", client.openid_config["issuer"]) != client.openid_config["issuer"]:  # RFC 9207
        raise OAuth2Error("the answer came from another issuer")
    app = client.get_provider().app
    answer = client.get_access_token_data(
        request, app, client.get_client(request, app), pkce_code_verifier=state.get("pkce_code_verifier")
    )
    token = client.parse_token({"access_token": answer["access_token"]})  # used once, and kept nowhere
    login = client.complete_login(request, app, token, response=answer)
    login.token, login.state = None, state
    return login


def _refused(request: HttpRequest, provider: Any, **about: Any) -> HttpResponse:
    response: HttpResponse = render_authentication_error(request, provider, **about)
    return response


@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    return render(request, "socialaccount/login_cancelled.html")


# --- Signing up -----------------------------------------------------------------------------------------------------------
class ProviderSignUpView(SaysByLetter, allauth.SignupView):  # type: ignore[misc]
    """allauth's, whose person, address, connection and account are made in one transaction."""

    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:
            return self.say_by_letter(form)
        believed = verified_address(self.sociallogin)
        self.sociallogin.email_addresses = [one for one in self.sociallogin.email_addresses if one.email == believed]
        try:
            with transaction.atomic():
                user = form.save(self.request)
                first_account(
                    user=user,
                    next_url=self.sociallogin.state.get("next"),
                    no_news=form.cleaned_data["no_news"],
                    now=timezone.now(),
                )
        except IntegrityError:
            if not self.is_overtaken(form):
                raise
            return self.say_by_letter(form)
        clear_pending_signup(self.request)
        response: HttpResponse = complete_social_signup(self.request, self.sociallogin)
        return response

    def get_authenticated_redirect_url(self) -> str:
        return "/"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"provider": self.sociallogin.provider.name, "verified": verified_address(self.sociallogin)}


sign_up = ProviderSignUpView.as_view()


# --- Connected ones -------------------------------------------------------------------------------------------------------
@require_POST
@login_required
@reauthentication_required(app="allauth.socialaccount")  # type: ignore[untyped-decorator]
def connect(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Pressed on /settings/security. Whatever a signed-in person sends is one transaction, in which no provider is waited for."""
    if named(provider_id) is None:
        raise Http404
    request.session[CONNECTING] = provider_id
    return redirect("go_to_provider", provider_id)


@require_GET
@never_cache
@login_required
@limited  # type: ignore[untyped-decorator]
def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """On to the provider, if the button was pressed: an address alone connects nothing."""
    client = _client(request, provider_id)
    if request.session.pop(CONNECTING, None) != provider_id:
        return redirect("mfa_index")
    return _go(request, client, AuthProcess.CONNECT, reverse("mfa_index"))


@require_POST
@login_required
@reauthentication_required(app="allauth.socialaccount")  # type: ignore[untyped-decorator]
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody is left without a way in: the last one stays until there is a password."""
    account = get_object_or_404(SocialAccount, pk=pk, user=request.user)
    try:
        validate_disconnect(request, account)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("mfa_index")
    name = name_of(account.provider)
    with transaction.atomic():  # not allauth's own way, which fails for a provider that is not declared any more
        account.delete()
        changed(request=request, user=request.user, event=Event.PROVIDER_REMOVED, now=timezone.now(), name=name)
    messages.success(request, _("%(provider)s is disconnected.") % {"provider": name})
    return redirect("mfa_index")
