# SPDX-License-Identifier: Apache-2.0
"""Getting an access token, by client credentials or by JWT bearer, and remembering it.

Salesforce says no lifetime: a token counts until an answer says INVALID_SESSION_ID.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub import BadConfig, HubError, Memory, Rejected, Scope, Throttled, Unavailable, Uncertain, for_status
from hub_salesforce.settings import Config

LIFETIME = timedelta(minutes=2)  # of an assertion; Salesforce takes three at most
KEY = "token"

# what Salesforce says when it refuses a login; anything else might hold a name
_ERRORS = frozenset(
    [
        "invalid_grant",
        "invalid_client",
        "invalid_client_id",
        "unsupported_grant_type",
        "invalid_request",
        "inactive_user",
        "unauthorized_client",
    ]
)
_WHY = frozenset(
    [
        "user hasn't approved this consumer",
        "audience is invalid",
        "invalid assertion",
        "expired access/refresh token",
        "authentication failure",
    ]
)


@dataclass(frozen=True, slots=True)
class Session:
    """A token and the host it is for."""

    token: str = field(repr=False)
    host: str


async def session(config: Config, http: httpx.AsyncClient, memory: Memory, spoilt: str = "") -> Session:
    """The remembered session, or a new one where there is none or its token is `spoilt`.

    Raises `BadConfig` when Salesforce refuses the login, `Unavailable`.
    """
    whose = _whose(config)
    known = _read(memory.get(KEY), whose)
    if known is not None and known.token != spoilt:
        return known
    fresh = await _login(config, http)
    memory.set(KEY, orjson.dumps([whose, fresh.host, fresh.token]).decode())
    return fresh


def _read(kept: str | None, whose: str) -> Session | None:
    match orjson.loads(kept) if kept else None:
        case [owner, str(host), str(token)] if owner == whose:
            return Session(token, host)
    return None


def _whose(config: Config) -> str:
    """A token is of no use after the settings have changed."""
    secrets = config.client_secret.get_secret_value() + config.private_key.get_secret_value()
    parts = [config.base_url, config.client_id, config.username, secrets]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:16]


async def _login(config: Config, http: httpx.AsyncClient) -> Session:
    base = config.base_url.rstrip("/")
    try:
        response = await http.request("POST", f"{base}/services/oauth2/token", data=_form(config))
    except Uncertain as lost:
        raise Unavailable(str(lost)) from None
    body = _dict(response.content)
    if error := _refusal(response.status_code, body, response.headers.get("retry-after")):
        raise error
    token, host = body.get("access_token"), body.get("instance_url")
    if not isinstance(token, str) or not isinstance(host, str) or not token:
        raise Unavailable("Salesforce's answer to the login holds no token")
    if httpx.URL(host).scheme != httpx.URL(base).scheme:
        raise BadConfig("Salesforce names an instance that is reached otherwise than base_url")
    return Session(token, host.rstrip("/"))


def _form(config: Config) -> dict[str, str]:
    if config.client_secret.get_secret_value():
        return {
            "grant_type": "client_credentials",
            "client_id": config.client_id,
            "client_secret": config.client_secret.get_secret_value(),
        }
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion(config, datetime.now(UTC)),
    }


def assertion(config: Config, now: datetime) -> str:
    """A signed statement of who we are (RFC 7523). Raises `BadConfig` when the key cannot be used."""
    try:
        key = load_pem_private_key(config.private_key.get_secret_value().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadConfig("private_key is no RSA key in PEM without a password") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadConfig("private_key is no RSA key")
    claims = {
        "iss": config.client_id,
        "sub": config.username,
        "aud": config.audience,
        "exp": int((now + LIFETIME).timestamp()),
    }
    signed = b".".join(_url64(orjson.dumps(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return b".".join([signed, _url64(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))]).decode()


def _url64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _refusal(status: int, body: dict[str, Any], retry_after: str | None) -> HubError | None:
    code, why = body.get("error"), body.get("error_description")
    if code == "rate_limit_exceeded":
        return Throttled("Salesforce takes no more logins for now", after=60.0, scope=Scope.ACCOUNT)
    usual = for_status(status, retry_after=retry_after)
    if isinstance(usual, Rejected | BadConfig):
        said = code if code in _ERRORS else f"HTTP {status}"
        said = f"{said}: {why}" if why in _WHY else said
        return BadConfig(f"Salesforce refused the login ({said}): check the app, its user and the settings")
    return usual


def _dict(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
