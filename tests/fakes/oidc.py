"""A small OpenID Connect provider over real HTTP on loopback: discovery, keys, a page that asks, codes, tokens, user info.

Faithful where it counts: a code works once, for the client and the redirect address it was made for, and only with the PKCE
verifier; an unknown client or redirect address gets no redirect; ID tokens are signed with RS256. What it does wrong, it does
because a test asked for it (``lies``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Lies:
    """How the provider misbehaves; by default not at all."""

    issuer: str = ""  # what discovery says instead
    authorize_at: str = ""  # where discovery says that people sign in
    claims: dict[str, Any] = field(default_factory=dict)  # put over those of the ID token; None takes one out
    header: dict[str, Any] = field(default_factory=dict)
    signed_by_another: bool = False
    unsigned: bool = False
    userinfo: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    silent: bool = False  # takes the request and says nothing until ``release``
    garbage: bool = False


class Provider:
    """``person`` is who is signed in there; ``asked`` collects what came in."""

    def __init__(self) -> None:
        self.client_id, self.client_secret = "console", secrets.token_urlsafe(16)
        self.person: dict[str, Any] = {
            "sub": "248289761001",
            "email": "mira@example.org",
            "email_verified": True,
            "preferred_username": "mira",
        }
        self.email_in_token = True
        self.lies = Lies()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.release = threading.Event()
        self.redirects: set[str] = set()  # those registered; empty takes any on this machine
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    # --- What it answers ---
    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.lies.issuer or self.issuer,
            "authorization_endpoint": self.lies.authorize_at or f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def fault(self, asked: dict[str, str]) -> str:
        """Why this request is not answered with a redirect; empty when it is."""
        if asked.get("client_id") != self.client_id:
            return "unknown client"
        redirect = asked.get("redirect_uri", "")
        if redirect not in self.redirects and (self.redirects or urlsplit(redirect).hostname not in ("testserver", "localhost")):
            return "unknown redirect address"
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return "not an OpenID Connect request"
        return "" if asked.get("code_challenge_method") == "S256" and asked.get("code_challenge") else "no PKCE"

    def answer(self, asked: dict[str, str], *, allowed: bool) -> str:
        """The address to which the browser goes back."""
        back = {"state": asked.get("state", ""), "iss": self.issuer}
        if allowed:
            back["code"] = secrets.token_urlsafe(16)
            self._codes[back["code"]] = asked
        else:
            back["error"] = "access_denied"
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        made_for = self._codes.pop(asked.get("code", ""), None)
        if asked.get("client_id") != self.client_id or asked.get("client_secret") != self.client_secret:
            return 401, {"error": "invalid_client"}
        if made_for is None or made_for["redirect_uri"] != asked.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != made_for["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        access = secrets.token_urlsafe(16)
        self._tokens[access] = self.person | self.lies.userinfo
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self._id_token(made_for)}
        return self.lies.token_status, answer

    def _id_token(self, made_for: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": made_for.get("nonce")}
        claims |= self.person if self.email_in_token else {"sub": self.person["sub"]}
        claims = {name: value for name, value in (claims | self.lies.claims).items() if value is not None}
        if self.lies.unsigned:
            return jwt.encode(claims, None, algorithm="none")
        key = OTHER_KEY if self.lies.signed_by_another else KEY
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one", **self.lies.header})

    def userinfo(self, bearer: str) -> tuple[int, dict[str, Any]]:
        found = self._tokens.get(bearer.removeprefix("Bearer "))
        return (200, found) if found else (401, {"error": "invalid_token"})


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        provider, url = self.provider, urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        provider.asked.append((url.path, asked))
        if provider.lies.silent:
            provider.release.wait(30)
            return
        if url.path == "/authorize":
            self._authorize(asked)
        elif url.path == "/favicon.ico":
            self._send(204, "")
        elif url.path == "/userinfo":
            self._json(*provider.userinfo(self.headers.get("Authorization", "")))
        else:
            documents = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
            if url.path in documents:
                self._json(200, documents[url.path]())
            else:
                self._json(404, {"error": "not found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        self.provider.asked.append((self.path, asked))
        if self.path == "/token":
            self._json(*self.provider.token(asked))
        else:  # the button that somebody pressed on the page below
            self._send(303, "", Location=self.provider.answer(json.loads(asked["asked"]), allowed="allow" in asked))

    def _authorize(self, asked: dict[str, str]) -> None:
        fault = self.provider.fault(asked)
        if fault:
            self._send(400, f"<h1>{fault}</h1>")
            return
        kept = json.dumps(asked).replace("&", "&amp;").replace("'", "&#39;")
        self._send(
            200,
            f"<!doctype html><title>Acme</title><h1>Hello {self.provider.person['sub']}</h1><form method='post' action='/decide'>"
            f"<input type='hidden' name='asked' value='{kept}'><button name='allow'>Allow</button><button name='refuse'>Refuse"
            "</button></form>",
        )

    def _json(self, status: int, found: dict[str, Any]) -> None:
        text = "<html>a captive portal" if self.provider.lies.garbage else json.dumps(found)
        self._send(status, text, "application/json")

    def _send(self, status: int, text: str, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
