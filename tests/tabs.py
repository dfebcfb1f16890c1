# SPDX-License-Identifier: Apache-2.0
"""A served hub with a console, people who log in with a real browser, and axe-core looking at what they see."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from hub.flows import staff
from hub.flows.roles import Role
from hub.testing import addresses
from hub.web.app import House
from tests.making import Shop

PASSWORD = "richtig gutes Pferd"
AXE = Path(__file__).parent / "axe" / "axe.min.js"
WIDTHS = ((1280, 900), (360, 740))
SCHEMES = ("light", "dark")
# WCAG 2.2 AA, and what axe-core counts as good practice
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Tab:
    """A page, and everything about it that went wrong: script errors, what the content policy forbade, requests
    to elsewhere."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self._heard(said.text))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda asked: self._asked(asked.url))

    def _heard(self, text: str) -> None:
        if "the server responded with a status of" not in text:  # the test looks at these itself
            self.wrong.append(text)

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(self.base):
            self.wrong.append(f"asked {url}")

    def go(self, path: str) -> int:
        """Open a page; its status."""
        answer = self.page.goto(f"{self.base}{path}")
        assert answer is not None
        return answer.status

    def press(self, name: str) -> None:
        """The button of this name, and wait for the page that comes."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def enter(self, login: str, code: str = "", password: str = PASSWORD) -> None:
        """Log in, as a person does."""
        self.go("/console/login")
        for name, value in (("login", login), ("password", password), ("code", code)):
            self.page.locator(f"[name={name}]").fill(value)
        self.page.locator("button[type=submit]").click()
        self.page.wait_for_load_state()

    def violations(self) -> list[str]:
        """What axe-core finds in the page as it is now: rule, element, what is wrong with it."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text("utf-8"))  # the content policy does not hold for who drives the browser
        options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
        found: dict[str, Any] = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@dataclass
class Premises:
    """A served hub, and browsers that look at it."""

    shop: Shop
    app: House
    base: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def tab(self, language: str = "de", **more: Any) -> Tab:
        """Somebody's browser, that knows nothing but the language they chose."""
        context = self.browser.new_context(locale=language, **more)
        context.add_cookies([{"name": "hub_language", "value": language, "url": f"{self.base}/console"}])
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        return Tab(context.new_page(), self.base)

    def named(self, path: str) -> str:
        """The address with the company's own things in it."""
        with self.shop.world.db.read() as session:
            return addresses.named(path, session, self.shop.controller)

    def staff(self, role: Role = Role.ADMIN, login: str = "", shop: Shop | None = None) -> str:
        """Somebody of the company; their login."""
        of, who = shop or self.shop, login or f"{role}@example.org"
        with of.write() as session:
            staff.add(of.world, session, of.controller, login=who, name=role, role=role, password=PASSWORD, by="Dana")
        return who

    def visitor(self, role: Role = Role.ADMIN, language: str = "de", **more: Any) -> Tab:
        """Somebody who is logged in."""
        tab = self.tab(language, **more)
        tab.enter(self.staff(role))
        assert tab.page.url == f"{self.base}/console"
        return tab
