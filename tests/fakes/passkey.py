"""A device with one passkey, in software: answers what the console asks as a browser would, honestly or not."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG


class Passkey:
    """``verified``: whether it asked who holds it. ``origin``: the page that the browser says it is on."""

    def __init__(self, *, verified: bool = True, origin: str = "http://localhost", host: str = "localhost") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.verified, self.origin, self.host = verified, origin, host
        self.owner = b""

    def create(self, options: dict[str, Any]) -> str:
        asked = options["publicKey"]
        self.owner = websafe_decode(asked["user"]["id"])
        public = AttestedCredentialData.create(bytes(16), self.id, ES256.from_cryptography_key(self.key.public_key()))
        made = AttestationObject.create("none", self._data(FLAG.AT, public), {})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(bytes(made))})

    def get(self, options: dict[str, Any]) -> str:
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = self._data(FLAG(0))
        signature = self.key.sign(bytes(data) + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(bytes(data)),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(self.owner),
            }
        )

    def _data(self, more: Any, public: Any = b"") -> AuthenticatorData:
        flags = FLAG.UP | more | (FLAG.UV if self.verified else FLAG(0))
        return AuthenticatorData.create(sha256(self.host.encode()).digest(), flags, 0, public)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}})
