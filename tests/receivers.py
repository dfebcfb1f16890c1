# SPDX-License-Identifier: Apache-2.0
"""A program that subscribed: a real server that checks signatures with the reference library and may be ill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import pytest
from sqlmodel import select
from standardwebhooks import webhooks
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.flows import subscriptions
from hub.flows.happenings import Kind
from hub.store.tables import Subscription
from hub.testing.emulator import serve
from tests.making import Shop


@dataclass
class Receiver:
    """What came, whether it was signed, and how the next requests are answered; then 200."""

    secret: str = ""
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # webhook-id and body, also when refused
    taken: list[dict[str, Any]] = field(default_factory=list)  # events of the requests that were answered 200
    bodies: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    url: str = ""

    async def hear(self, request: Request) -> Response:
        body = await request.body()
        try:
            told = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError as error:
            self.wrong.append(str(error))
            return Response(status_code=401)
        self.came.append((request.headers["webhook-id"], told))
        self.bodies.append(body)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken += told["data"]["events"]
        return Response(status_code=status, headers=self.headers)

    def subscribe(self, shop: Shop, *kinds: Kind) -> Subscription:
        with shop.write() as session:
            made, self.secret = subscriptions.make(
                shop.world, session, shop.controller, title="BI", url=self.url, kinds=kinds or list(Kind), by="Dana"
            )
        return made


@contextmanager
def receiving(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver with the clock of the shop, which the shop may call though it is inside."""
    shop.world.settings = shop.world.settings.model_copy(update={"events_inside": True})

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return shop.clock.now().astimezone(tz)

    monkeypatch.setattr(webhooks, "datetime", Now)
    made = Receiver()
    with serve(Starlette(routes=[Route("/hook/s3cret", made.hear, methods=["POST"])])) as base:
        made.url = f"{base}/hook/s3cret"
        yield made


def row(shop: Shop) -> Subscription:
    with shop.world.db.read() as session:
        return session.exec(select(Subscription)).one()
