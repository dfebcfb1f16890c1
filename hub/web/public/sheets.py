# SPDX-License-Identifier: Apache-2.0
"""How a page is made: templates, words in two languages, one style, and headers that forbid everything else."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

LANGUAGES = ("de", "en")
_LONGEST_FORM = 20_000  # bytes
_TIME = {"de": "%d.%m.%Y, %H:%M Uhr (UTC)", "en": "%d %B %Y, %H:%M (UTC)"}


class Sheets:
    """Renders pages."""

    def __init__(self) -> None:
        folder = files("hub.web").joinpath("pages")
        self._words = tomllib.loads(folder.joinpath("words.toml").read_text("utf-8"))
        self._style = folder.joinpath("style.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
        )
        loader = PackageLoader("hub.web", "pages")
        self._pages = Environment(
            loader=loader,
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters["time"] = _time

    def words(self, language: str) -> dict[str, str]:
        """Everything pages say, by name."""
        return {name: said[language] for name, said in self._words.items()}

    def page(self, name: str, language: str, status: int = 200, *, form: bool = False, **facts: Any) -> HTMLResponse:
        """A page; `form` says whether it may send one, to us alone."""
        style = Markup(self._style)  # noqa: S704 our own file
        words = self.words(language)
        html = self._pages.get_template(name).render(w=words, language=language, style=style, **facts)
        return HTMLResponse(html, status, self.headers(form=form))

    def headers(self, *, form: bool = False) -> dict[str, str]:
        target = "'self'" if form else "'none'"
        return {
            "content-security-policy": f"{self._policy}; form-action {target}",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-robots-tag": "noindex, nofollow",
            "cache-control": "no-store",
        }


@pass_context
def _time(context: Context, at: datetime | str) -> str:
    told = datetime.fromisoformat(at) if isinstance(at, str) else at
    return told.strftime(_TIME[context["language"]])


async def fields(request: Request) -> dict[str, list[str]]:
    """A form's fields; empty for what is none, or is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            return {}
    if b"%00" in body or b"\0" in body:  # no text, and PostgreSQL takes none such
        return {}
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}


def first(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
