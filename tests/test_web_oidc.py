# SPDX-License-Identifier: Apache-2.0
"""Login through an OpenID provider: a real one of its kind, a real browser, and who stays outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import oidc_provider_mock
import pytest
from playwright.sync_api import Browser
from pydantic import SecretStr, ValidationError
from sqlmodel import select

from hub.bridge import Bridge
from hub.flows import accounts, staff
from hub.flows import world as worlds
from hub.flows.roles import Role
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Controller
from hub.store.vault import generate
from hub.testing.emulator import serve
from hub.testing.journey import free_port
from hub.web.app import build
from hub.work.jobs import Jobs

pytest_plugins = ["tests.browsers"]
pytestmark = pytest.mark.filterwarnings("ignore:::authlib", "ignore:::oidc_provider_mock")


def known(sub: str, email: str, **more: object) -> oidc_provider_mock.User:
    return oidc_provider_mock.User(sub=sub, claims={"email": email, "email_verified": True, **more})


USERS = (
    known("dana", "Dana@example.org"),
    known("eve", "dana@example.org"),  # got the address later
    known("ina", "ina@example.org", email_verified=False),
    known("nobody", "nobody@example.org"),
)


@dataclass
class Gate:
    world: World
    address: str


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A hub whose staff log in through the provider. Its sites differ: 127.0.0.1 and localhost."""
    port = free_port()
    with oidc_provider_mock.run_server_in_thread(user_claims=USERS) as provider, Bridge(connections=1) as bridge:
        settings = Settings(
            data_dir=tmp_path,
            keys=SecretStr(generate()),
            public_url=f"http://127.0.0.1:{port}",
            oidc_issuer=f"http://localhost:{provider.server_port}",
            oidc_client_id="hub",
            oidc_client_secret=SecretStr("between us"),
        )
        world = worlds.build(settings)
        world.db.migrate()
        with world.db.write() as session:
            owner = accounts.make_controller(world, session, "Muster GmbH", "DE")
            for name in ("dana", "ina"):
                who = {"login": f"{name}@example.org", "name": name, "role": Role.ADMIN, "password": "x" * 12}
                staff.add(world, session, owner, **who, by="test")
        with serve(build(world, lambda ids: None, Jobs(world, bridge)), port=port) as address:
            yield Gate(world, address)
        world.db.close()


def entered(gate: Gate, sub: str) -> httpx.Response:
    """What the way through the provider ends in."""
    with httpx.Client(follow_redirects=True, trust_env=False) as http:
        asked = http.get(f"{gate.address}/console/oidc/login")
        return http.post(asked.url, data={"sub": sub})


def test_browser_comes_in_through_the_provider_without_a_password(gate: Gate, browser: Browser) -> None:
    page = browser.new_context(locale="en").new_page()
    page.goto(f"{gate.address}/console")
    page.get_by_role("link", name="Log in through localhost").click()
    page.get_by_role("button", name="dana").click()
    page.wait_for_url(f"{gate.address}/console")
    assert page.get_by_role("link", name="dana").is_visible()
    page.context.close()


def test_page_that_a_crm_linked_to_is_found_again_behind_the_provider(gate: Gate) -> None:
    with httpx.Client(follow_redirects=True, trust_env=False) as http:
        assert "/console/oidc/login?why=abc.1" in http.get(f"{gate.address}/console/login?why=abc.1&here=1").text
        asked = http.get(f"{gate.address}/console/oidc/login?why=abc.1")
        page = http.post(asked.url, data={"sub": "dana"}).text
    assert 'url=/console/why/abc.1"' in page


@pytest.mark.parametrize("sub", ["nobody", "ina"], ids=["no staff", "address not verified"])
def test_provider_alone_makes_nobody_staff(gate: Gate, sub: str) -> None:
    answer = entered(gate, sub)
    assert answer.status_code == 401
    assert "hub_visit" not in answer.headers.get("set-cookie", "")


def test_address_that_changed_hands_opens_no_more(gate: Gate) -> None:
    assert entered(gate, "dana").status_code == 200
    assert entered(gate, "eve").status_code == 401
    assert entered(gate, "dana").status_code == 200
    with gate.world.db.write() as session:
        staff.disable(gate.world, session, session.exec(select(Controller)).one(), "dana@example.org")
    assert entered(gate, "dana").status_code == 401


def test_answer_that_nobody_asked_for_opens_nothing(gate: Gate) -> None:
    """Login CSRF: a code and a state of somebody else's browser."""
    with httpx.Client(trust_env=False) as http:
        asked = http.get(f"{gate.address}/console/oidc/login", follow_redirects=True)
        back = http.post(asked.url, data={"sub": "dana"}).headers["location"]
    answer = httpx.get(back, trust_env=False)
    assert answer.status_code == 401
    assert "hub_visit" not in answer.headers.get("set-cookie", "")


def test_provider_that_does_not_answer_is_told(gate: Gate) -> None:
    gate.world.settings.oidc_issuer = "http://127.0.0.1:9"
    with Bridge(connections=1) as bridge, serve(build(gate.world, lambda ids: None, Jobs(gate.world, bridge))) as base:
        answer = httpx.get(f"{base}/console/oidc/login", headers={"accept-language": "en"}, trust_env=False)
        assert "does not answer" in answer.text


def test_half_a_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="belong together"):
        Settings(data_dir=tmp_path, oidc_issuer="https://id.example.org")
    with pytest.raises(ValidationError, match="HUB_OIDC_ISSUER"):
        Settings(
            environment="production",
            keys=SecretStr(generate()),
            public_url="https://hub.example.org",
            oidc_issuer="http://id.example.org",
            oidc_client_id="hub",
        )
