# SPDX-License-Identifier: Apache-2.0
"""The token endpoint: client credentials, JWT bearer with real signatures, refresh; and sessions that end."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub_salesforce.emulator.answers import Json

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AHEAD = timedelta(minutes=3)
AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})


class Denied(Exception):
    """A login turned down."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(error)
        self.error, self.why = error, why


class Signin:
    """Logins of one app, and the sessions that came of them."""

    def __init__(self, now: Callable[[], datetime], organization: str, client_id: str, client_secret: str) -> None:
        self._now, self._organization = now, organization
        self.client_id, self.client_secret = client_id, client_secret
        self.public_key, self.username, self.refresh_token = "", "hub@example.org", ""
        self.idle = timedelta(hours=2)
        self.sessions: dict[str, datetime] = {}

    def known(self, header: str) -> bool:
        """Is this the header of a living session? It lives on then."""
        token, now = header.removeprefix("Bearer "), self._now()
        last = self.sessions.get(token)
        if last is None or now - last > self.idle:
            return False
        self.sessions[token] = now
        return True

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        try:
            self._check(form, request)
        except Denied as denied:
            return answer(400, {"error": denied.error, "error_description": denied.why})
        token = f"{self._organization[:15]}!AR{secrets.token_urlsafe(24)}"
        self.sessions[token] = self._now()
        base = f"{request.url.scheme}://{request.url.netloc}"
        body = {
            "access_token": token,
            "signature": secrets.token_urlsafe(16),
            "token_format": "opaque",
            "instance_url": base,
            "id": f"https://login.salesforce.com/id/{self._organization}/005000000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(self._now().timestamp() * 1000)),
        }
        return answer(200, body)

    def _check(self, form: Json, request: Request) -> None:
        match form.get("grant_type"):
            case "client_credentials":
                if request.headers.get("host", "").startswith(("login.", "test.")):
                    raise Denied("invalid_grant", "request not supported on this domain")
                self._client(form, request)
            case "refresh_token":
                self._client(form, request)
                if not self.refresh_token or form.get("refresh_token") != self.refresh_token:
                    raise Denied("invalid_grant", "expired access/refresh token")
            case grant if grant == JWT:
                self._assertion(form.get("assertion", ""))
            case _:
                raise Denied("unsupported_grant_type", "grant type not supported")

    def _client(self, form: Json, request: Request) -> None:
        given = (form.get("client_id"), form.get("client_secret"))
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            given = (name, secret)
        if given[0] != self.client_id:
            raise Denied("invalid_client_id", "client identifier invalid")
        if given[1] != self.client_secret:
            raise Denied("invalid_client", "invalid client credentials")

    def _assertion(self, assertion: str) -> None:
        head, _, signature = assertion.rpartition(".")
        try:
            header, claims = (orjson.loads(_decoded(part)) for part in head.split("."))
            key = load_pem_public_key(self.public_key.encode())
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(_decoded(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
            expires = int(claims["exp"])  # clients send it as a number or as a text
        except (ValueError, KeyError, TypeError, InvalidSignature, AssertionError):
            raise Denied("invalid_grant", "invalid assertion") from None
        now = self._now().timestamp()
        if header.get("alg") != "RS256" or not now < expires <= now + AHEAD.total_seconds() + 1:
            raise Denied("invalid_grant", "invalid assertion")
        if claims.get("aud") not in AUDIENCES:
            raise Denied("invalid_grant", "audience is invalid")
        if claims.get("iss") != self.client_id:
            raise Denied("invalid_client_id", "client identifier invalid")
        if claims.get("sub", claims.get("prn")) != self.username:
            raise Denied("invalid_grant", "user hasn't approved this consumer")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def generated_key() -> tuple[str, str]:
    """A private key for the hub and the public one for the org, in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = rsa.generate_private_key(65_537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public: Any = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
