# SPDX-License-Identifier: Apache-2.0
"""Behind a person's own link: their preferences, and the receipts of what they agreed to."""

from __future__ import annotations

import hmac

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.flows import answers, links, preferences, receipts
from hub.flows.links import PREFERENCES, RECEIPT, Opened
from hub.flows.preferences import Wish
from hub.flows.receipts import Receipt
from hub.flows.rights import arrivals
from hub.flows.world import World
from hub.law.rights import AT_ONCE, Right
from hub.web.public.sheets import LANGUAGES, Sheets, fields, first

_DONE = ("changed", "unchanged", "asked")
_ASKED = tuple(one for one in Right if one not in AT_ONCE)  # the others have buttons of their own


class Preferences:
    def __init__(self, world: World, sheets: Sheets) -> None:
        self.world, self.sheets = world, sheets

    def routes(self) -> list[Route]:
        return [
            Route("/p/{token}", self.show),
            Route("/p/{token}", self.change, methods=["POST"]),
            Route("/r/{token}.json", self.download),
            Route("/r/{token}", self.receipt),
        ]

    async def show(self, request: Request) -> Response:
        query = request.query_params
        return await run_in_threadpool(
            self._show, request.path_params["token"], query.get("lang", ""), query.get("done", "")
        )

    async def change(self, request: Request) -> Response:
        return await run_in_threadpool(
            self._change, request.path_params["token"], await fields(request), request.query_params.get("lang", "")
        )

    async def receipt(self, request: Request) -> Response:
        return await run_in_threadpool(
            self._receipt, request.path_params["token"], request.query_params.get("lang", "")
        )

    async def download(self, request: Request) -> Response:
        return await run_in_threadpool(self._download, request.path_params["token"])

    def _show(self, token: str, language: str, done: str) -> Response:
        with self.world.db.read() as session:
            opened = self._open(session, PREFERENCES, token)
            if opened is None:
                return self._gone()
            spoken = language if language in LANGUAGES else answers.language_of(opened.point)
            held = preferences.held(self.world, session, opened)
            made = {
                grant.id: links.make(self.world, RECEIPT, opened.point, grant.id, like=opened.link)
                for grant in held.grants
            }
            return self.sheets.page(
                "preferences.html",
                spoken,
                form=True,
                controller=opened.controller.name,
                held=held,
                receipts={consent: _path(url) for consent, url in made.items()},
                until=links.expires(self.world, opened.link),
                ticket=links.ticket(self.world, opened),
                done=done if done in _DONE else "",
                token=token,
                rights=_ASKED,
            )

    def _change(self, token: str, form: dict[str, list[str]], language: str) -> Response:
        with self.world.db.write() as session:
            opened = self._open(session, PREFERENCES, token)
            if opened is None:
                return self._gone()
            genuine = hmac.compare_digest(first(form, "form").encode(), links.ticket(self.world, opened).encode())
            wish = first(form, "wish")
            made, asked = 0, first(form, "right")
            if genuine and wish in set(Wish):
                made = preferences.change(self.world, session, opened, Wish(wish), form.get("keep", []))
            if taken := genuine and asked in _ASKED:
                owner, contact, words = opened.controller, opened.contact, first(form, "words")
                taken = arrivals.by_person(self.world, session, owner, contact, Right(asked), words)
        spoken = f"&lang={language}" if language in LANGUAGES else ""
        done = "asked" if taken else "changed" if made else "unchanged"
        return RedirectResponse(f"/p/{token}?done={done}{spoken}", 303, self.sheets.headers())

    def _receipt(self, token: str, language: str) -> Response:
        with self.world.db.read() as session:
            opened = self._open(session, RECEIPT, token)
            found = self._find(session, opened)
            if opened is None or found is None:
                return self._gone()
            own = links.make(self.world, PREFERENCES, opened.point, like=opened.link)
            spoken = language if language in LANGUAGES else found.wording.language
            return self.sheets.page(
                "receipt.html",
                spoken,
                controller=opened.controller.name,
                record=found.record,
                wording=found.wording,
                preferences=_path(own),
                token=token,
            )

    def _download(self, token: str) -> Response:
        with self.world.db.read() as session:
            found = self._find(session, self._open(session, RECEIPT, token))
        if found is None:
            return self._gone()
        named = {"content-disposition": f'attachment; filename="{receipts.name_of(found)}"'}
        return Response(
            receipts.as_json(found), headers=self.sheets.headers() | named, media_type="application/ld+json"
        )

    def _open(self, session: Session, kind: str, token: str) -> Opened | None:
        link = links.read(self.world, kind, token)
        return links.whose(session, link) if link else None

    def _find(self, session: Session, opened: Opened | None) -> Receipt | None:
        return receipts.find(self.world, session, opened, opened.link.about) if opened else None

    def _gone(self) -> Response:
        """The same for a link that is expired, not ours, or of somebody erased; in both languages."""
        both = [(language, self.sheets.words(language)) for language in LANGUAGES]
        return self.sheets.page("gone.html", "de", 404, both=both)


def _path(url: str) -> str:
    """A link on the page itself goes to where the page came from."""
    return "/" + "/".join(url.rsplit("/", 2)[1:])
