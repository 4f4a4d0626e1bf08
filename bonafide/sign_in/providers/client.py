"""What we ask a provider, and what of its answers we believe (OpenID Connect Core 1.0, 3.1.3.7; Discovery 1.0, 4.3).

django-allauth's client does the asking, with PKCE and a state that works once. Added here is what it leaves out: a nonce, the
signature of the ID token, the issuer that was declared, and that the user info is about the person of the ID token.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from requests import RequestException

from bonafide.outgoing.client import note
from bonafide.outgoing.processors import may_be_reached, recipient_of
from bonafide.outgoing.words import SIGN_IN, Field
from bonafide.sign_in.providers.declared import is_origin_of, may_be_at, named

# With a key that only the provider has: neither "none" nor an HMAC, whose key we would share.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
LEEWAY = 60  # seconds by which clocks may differ
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What is kept of somebody's profile at the provider: enough to tell them apart, and to fill in the sign-up.
KEPT = ("iss", "sub", "email", "email_verified", "preferred_username")


class Client(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """One exchange with one provider. Whatever goes wrong in it is an ``OAuth2Error`` with a line for the log."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Where the provider's addresses are, by its own word.

        :raises OAuth2Error: when it does not answer, or speaks for another issuer than the declared one.
        """
        if not hasattr(self, "_openid_config"):
            self._openid_config = self._discovered()
        return self._openid_config

    def _discovered(self) -> dict[str, Any]:
        provider = named(self.provider_id)
        if provider is None:
            raise OAuth2Error(f"{self.provider_id} is not declared")
        config = self._json(self.get_provider().server_url)
        if str(config.get("issuer", "")).rstrip("/") != provider.issuer:
            raise OAuth2Error(f"it says that it is {config.get('issuer')!r}, not {provider.issuer!r}")
        for name in (*ENDPOINTS, "userinfo_endpoint"):
            if (name in ENDPOINTS or name in config) and not may_be_at(provider, config.get(name)):
                raise OAuth2Error(f"its {name} is {config.get(name)!r}, expected an https address")
        for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint"):
            host = urlsplit(config.get(name, provider.issuer)).hostname or ""
            if not may_be_reached(host=host):
                raise OAuth2Error(f"its {name} is at {host}: add that to its 'hosts' in the operator's file")
        if not is_origin_of(provider, config["authorization_endpoint"]):
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(config["authorization_endpoint"]))
            raise OAuth2Error(f"people sign in to it at {origin}: add that to its 'origins' in the operator's file")
        return config

    def _json(self, url: str, **headers: str) -> dict[str, Any]:
        try:
            with get_adapter().get_requests_session() as session:
                response = session.get(url, headers=headers)
                response.raise_for_status()
                found = response.json()
        except (RequestException, ValueError) as error:
            raise OAuth2Error(f"{url} gave no answer that can be used ({type(error).__name__})") from None
        if not isinstance(found, dict):
            raise OAuth2Error(f"{url} gave something else than a JSON object")
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        path = reverse("openid_connect_callback", args=[self.provider_id])
        home: str = settings.OPERATOR.service.console_url if settings.SECURE else request.build_absolute_uri("/").rstrip("/")
        return home + path

    def get_access_token_data(self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: Any = None) -> Any:
        try:
            return super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)
        except (RequestException, LookupError, ValueError, AttributeError, TypeError) as error:
            raise OAuth2Error(f"it gave no token ({type(error).__name__})") from None

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Whom the provider vouches for.

        :raises OAuth2Error: when the ID token does not hold, or the user info is about somebody else.
        """
        claims = self.verified(str(kwargs["response"].get("id_token") or ""), app.client_id)
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            told = self._json(self.openid_config["userinfo_endpoint"], Authorization=f"Bearer {token.token}")
            if told.get("sub") != claims["sub"]:
                raise OAuth2Error("its user info is about another person than its ID token")
            claims = told | claims
        login = self.get_provider().sociallogin_from_response(request, {name: claims[name] for name in KEPT if name in claims})
        self._note(request, str(claims["sub"]))
        return login

    def _note(self, request: HttpRequest, uid: str) -> None:
        """The provider knows now that this person signs in here. Of who is new here nothing is kept yet."""
        known = SocialAccount.objects.filter(provider=self.provider_id, uid=uid).values_list("user_id", flat=True)
        person = request.user.pk if request.user.is_authenticated else known.first()
        recipient = recipient_of(host=urlsplit(self.openid_config["token_endpoint"]).hostname or "")
        if person and recipient:
            now = timezone.now()  # noqa: TID251 - allauth calls without a time
            note(recipient=recipient, fields=[Field.SIGN_IN], clause="D2", occasion=SIGN_IN, now=now, person_id=person)

    def verified(self, id_token: str, client_id: str) -> dict[str, Any]:
        """The claims of an ID token.

        :raises OAuth2Error: when it is not signed by the provider, for us, of now, and in answer to what we asked.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key_of(id_token).key,
                algorithms=ALGORITHMS,
                audience=client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise OAuth2Error(f"its ID token does not hold: {error}") from None
        if not constant_time_compare(str(claims.get("nonce", "")), self.nonce) or not self.nonce:
            raise OAuth2Error("its ID token does not hold: not in answer to this question (nonce)")
        if claims.get("azp", client_id) != client_id:
            raise OAuth2Error("its ID token does not hold: made for another program (azp)")
        return claims

    def _key_of(self, id_token: str) -> jwt.PyJWK:
        wanted = jwt.get_unverified_header(id_token).get("kid")
        keys = jwt.PyJWKSet.from_dict(self._json(self.openid_config["jwks_uri"])).keys
        for key in keys:
            if key.public_key_use in (None, "sig") and (key.key_id == wanted or (wanted is None and len(keys) == 1)):
                return key
        raise jwt.InvalidKeyError("signed with a key that it does not publish")


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """allauth's, with a nonce, and with what we keep of a person's profile there."""

    oauth2_adapter_class = Client

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **about: Any) -> Any:
        """Send the browser to the provider. Neither scope nor further parameters are taken from the request."""
        nonce = secrets.token_urlsafe(24)
        return super().redirect(request, process, next_url, data, nonce=nonce, auth_params={"nonce": nonce}, **about)

    def get_default_scope(self) -> list[str]:
        return ["openid", "email", "profile"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """The address counts as verified only if the provider says so in as many words: the text "false" is none."""
        verified = data.get("email_verified") in (True, "true")
        return {"email": data.get("email"), "email_verified": verified, "username": str(data.get("preferred_username") or "")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []  # the one above is all there is
