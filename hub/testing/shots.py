# SPDX-License-Identifier: Apache-2.0
"""Pictures of the main pages in both languages, for the docs and for looking at.
`python -m hub.testing.shots [FOLDER]`.

They show made-up people and a campaign that really ran, through emulated vendors.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page
from pydantic import SecretStr

from hub import logs
from hub.flows import staff
from hub.flows.roles import Role
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing import addresses
from hub.testing.browser import chromium
from hub.testing.journey import Journey

FOLDER = Path("docs/pictures")
# name and address; a room that is new gets a line
PAGES = {
    "today": "/console",
    "campaigns": "/console/campaigns",
    "campaign": "/console/campaigns/{id}",
    "preview": "/console/campaigns/{id}/preview",
    "connections": "/console/connections",
    "connection": "/console/connections/{id}",
    "providers": "/console/providers",
    "consent": "/console/consent",
    "proof": "/console/proof",
    "guide": "/console/guide",
    "login": "/console/login",
}
LANGUAGES = ("de", "en")
WIDE, PHONE = (1120, 760), (360, 740)
_LOGIN = "mia@example.org"


def shoot(folder: Path, *, phone: bool = False) -> list[Path]:
    """Write a picture of every main page; `phone`: as a phone shows it, dark. Returns the files."""
    logs.configure("error")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub-shots-") as home, chromium() as browser:
        settings = Settings(data_dir=Path(home), keys=SecretStr(generate()), database_url="", redis_url="")
        with Journey(settings, contacts=400, seed=7) as way:
            _live(way)
            return [shot for language in LANGUAGES for shot in _pictures(way, browser, folder, language, phone=phone)]


def _live(way: Journey) -> None:
    """A campaign that ran, another that is to be looked at, and somebody whose message nobody understood."""
    way.connect()
    way.history()
    way.sync()
    way.draft()  # one is still to be looked at, the other runs
    way.draft()
    way.start()
    way.inject_stops(5)
    way.finish()
    way.settle("words", [way.meta.say(_willing(way), "Das nervt langsam")])


def _willing(way: Journey) -> str:
    return next(p.number for p in way.people if p.may_receive_marketing and p.number not in way.stopped)


def _pictures(way: Journey, browser: Browser, folder: Path, language: str, *, phone: bool) -> list[Path]:
    width, height = PHONE if phone else WIDE
    context = browser.new_context(
        locale=language, viewport={"width": width, "height": height}, color_scheme="dark" if phone else "light"
    )
    page = context.new_page()
    made = [_picture(way, page, folder, "login", language)]
    _enter(way, context, page, language)
    made += [_picture(way, page, folder, name, language) for name in PAGES if name != "login"]
    context.close()
    return made


def _picture(way: Journey, page: Page, folder: Path, name: str, language: str) -> Path:
    with way.world.db.read() as session:
        address = addresses.named(PAGES[name], session, way.controller)
    page.goto(f"{way.settings.public_url}{address}")
    file = folder / f"{name}-{language}.png"
    page.screenshot(path=file, animations="disabled")
    return file


def _enter(way: Journey, context: BrowserContext, page: Page, language: str) -> None:
    password, base = secrets.token_urlsafe(12), way.settings.public_url
    login = f"{language}-{_LOGIN}"
    with way.world.db.write() as session:
        staff.add(
            way.world,
            session,
            way.controller,
            login=login,
            name="Mia Muster",
            role=Role.ADMIN,
            password=password,
            by="",
        )
    context.add_cookies([{"name": "hub_language", "value": language, "url": f"{base}/console"}])
    page.goto(f"{base}/console/login")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{base}/console")


if __name__ == "__main__":
    for written in shoot(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, phone="--phone" in sys.argv):
        print(f"{written} {written.stat().st_size // 1024} KiB")
