# SPDX-License-Identifier: Apache-2.0
"""How a page of the console is made: templates, words in two languages, files of our own and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.contract import BadInput
from hub.web.console import mistakes

LANGUAGES = ("de", "en")
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_GERMAN = str.maketrans(",.", ".,")
_DAY = {"de": "%d.%m.%Y", "en": "%d %b %Y"}
_TIME = {"de": "%d.%m.%Y %H:%M UTC", "en": "%d %b %Y %H:%M UTC"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "same-origin",  # without any, browsers do not say where our own forms come from
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class Leaves:
    """Renders pages, and serves the style and the two scripts."""

    def __init__(self) -> None:
        folder = files("hub.web.console")
        rooms = sorted(folder.joinpath("words").iterdir(), key=lambda one: one.name)
        sheets = [folder.joinpath("words.toml"), *(one for one in rooms if one.name.endswith(".toml"))]
        self._words = {key: said for one in sheets for key, said in tomllib.loads(one.read_text("utf-8")).items()}
        names = ("style.css", "htmx.min.js", "live.js")
        self._files = {name: folder.joinpath("static", name).read_bytes() for name in names}
        shared = files("hub.web").joinpath("pages", "style.css").read_bytes()  # with the public pages
        self._files["style.css"] = shared + self._files["style.css"]
        loader = PackageLoader("hub.web.console", "pages")
        self._pages = Environment(
            loader=loader,
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters |= {"day": _day, "time": _time, "number": _number, "mistake": _mistake}
        self._pages.globals["static"] = {name: self._address(name) for name in names}

    def _address(self, name: str) -> str:
        """Changes with the content, so that it may be kept for ever."""
        return f"/console/static/{hashlib.sha256(self._files[name]).hexdigest()[:16]}/{name}"

    def routes(self) -> list[Route]:
        return [Route("/console/static/{version}/{name}", self._file)]

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files or request.url.path != self._address(name):
            return Response(status_code=404)
        headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
        return Response(self._files[name], headers=headers, media_type=_TYPES[name.rpartition(".")[2]])

    def page(self, name: str, language: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """`words` are those of the language, as `w`."""
        words = {key: said[language] for key, said in self._words.items()}
        html = self._pages.get_template(name).render(w=words, language=language, **facts)
        return HTMLResponse(html, status, HEADERS)


@pass_context
def _time(context: Context, at: datetime | None) -> str:
    return at.strftime(_TIME[context["language"]]) if at else ""


@pass_context
def _day(context: Context, day: date) -> str:
    return day.strftime(_DAY[context["language"]])


@pass_context
def _mistake(context: Context, mistake: BadInput) -> mistakes.Said:
    return mistakes.said(mistake, context["language"])


@pass_context
def _number(context: Context, value: float) -> str:
    """Thousands and decimals marked as the language does; of decimals one."""
    shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return shown.translate(_GERMAN) if context["language"] == "de" else shown
