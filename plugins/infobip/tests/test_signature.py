# SPDX-License-Identifier: Apache-2.0
"""Who may deliver webhooks: BASIC or a static header, and an HMAC besides where one is configured."""

from __future__ import annotations

import base64
import dataclasses
import hmac
from typing import Any

import httpx
import pytest
from hub_infobip import Config, Infobip
from pydantic import ValidationError

from hub.contract import Forbidden, Inbound

SECRET, KEY = "made-up-webhook-secret", "made-up-hmac-secret"
BODY = b'{"results":[{"text":"\xc3\xa4"}]}'
BASIC = f"Basic {base64.b64encode(f'hub:{SECRET}'.encode()).decode()}"


def authenticate(headers: dict[str, str], body: bytes = BODY, **settings: Any) -> None:
    config = Config(api_key="k", sender="493023125000", webhook_secret=SECRET, **settings)
    plugin = Infobip(config, httpx.AsyncClient(), {})  # type: ignore[arg-type]
    plugin.authenticate(Inbound("POST", "https://hub.example/in/i1", headers, body))


def test_basic_with_our_secret_is_accepted() -> None:
    authenticate({"authorization": BASIC})


@pytest.mark.parametrize(
    "given",
    [
        "",
        SECRET,
        BASIC.replace("Basic ", "Bearer "),
        BASIC[:-2],
        "Basic " + base64.b64encode(f"admin:{SECRET}".encode()).decode(),
        "Basic " + base64.b64encode(b"hub:guess").decode(),
        "Basic é",
    ],
)
def test_basic_that_is_another_is_refused(given: str) -> None:
    with pytest.raises(Forbidden):
        authenticate({"authorization": given})


def test_static_header_takes_the_place_of_basic() -> None:
    authenticate({"x-hub-secret": SECRET}, webhook_header="X-Hub-Secret")
    for headers in ({"authorization": BASIC}, {"x-hub-secret": "guess"}, {}):
        with pytest.raises(Forbidden):
            authenticate(headers, webhook_header="X-Hub-Secret")


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_hmac_is_read_in_every_usual_spelling(algorithm: str) -> None:
    digest = hmac.digest(KEY.encode(), BODY, algorithm)
    coded = base64.b64encode(digest).decode()
    for given in (digest.hex(), digest.hex().upper(), f"{algorithm}={digest.hex()}", coded, coded.rstrip("=")):
        authenticate({"x-hub-secret": SECRET, "x-sign": given}, **signing(algorithm))


def signing(algorithm: str = "sha256") -> dict[str, Any]:
    return {"webhook_header": "x-hub-secret", "hmac_header": "X-Sign", "hmac_secret": KEY, "hmac_algorithm": algorithm}


@pytest.mark.parametrize("changed", [{"x-sign": ""}, {"x-sign": "00" * 32}, {"x-hub-secret": "guess"}])
def test_hmac_and_secret_must_both_hold(changed: dict[str, str]) -> None:
    good = {"x-hub-secret": SECRET, "x-sign": hmac.digest(KEY.encode(), BODY, "sha256").hex()}
    authenticate(good, **signing())
    with pytest.raises(Forbidden):
        authenticate(good | changed, **signing())


def test_hmac_holds_for_the_very_bytes() -> None:
    good = {"x-hub-secret": SECRET, "x-sign": hmac.digest(KEY.encode(), BODY, "sha256").hex()}
    with pytest.raises(Forbidden):
        authenticate(good, BODY.replace(b"\xc3\xa4", b"\\u00e4"), **signing())


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_secret": "short"},
        {"hmac_secret": KEY},
        {"hmac_header": "x-sign"},
        {"hmac_secret": KEY, "hmac_header": "x-sign"},  # BASIC cannot go along with HMAC
        {"webhook_header": "x-sign\r\n"},
        {"sender": "+49 30 231250"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    whole = {"api_key": "k", "sender": "493023125000", "webhook_secret": SECRET, **settings}
    with pytest.raises(ValidationError):
        Config(**whole)


def test_authentication_reads_nothing_else() -> None:
    """A body that is no JSON is still a webhook of the vendor: it is kept and looked at later."""
    request = Inbound("POST", "https://hub.example/in/i1", {"authorization": BASIC}, b"")
    for body in (b"", b"\xff", b"{"):
        authenticate(dict(request.headers), dataclasses.replace(request, body=body).body)
