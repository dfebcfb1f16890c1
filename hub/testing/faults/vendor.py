# SPDX-License-Identifier: Apache-2.0
"""Emulated Meta in a process of its own: it remembers every request with a message, and breaks answers on demand."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import httpx
import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.plugins import emulators
from hub.testing.emulator import Fault, serve, whole_body
from hub.testing.lab import BODY, COMPANY, TEMPLATE

_SENDS = re.compile(r"/messages$")
_NAMES = ("access_token", "app_secret", "verify_token", "waba_id", "phone_number_id", "display_number")


@dataclass
class Torn:
    """An answer that breaks on the wire, after the provider took the message.

    how: "reset" (the connection ends within the body), "truncated" (half of the JSON, as if that were all),
    "nameless" (200 without the message's id), "drip" (`seconds` between single bytes).
    """

    how: str
    times: int = 1_000_000
    seconds: float = 0.2


class _Witness:
    """Around the emulator: notes who is written to before anything else happens, and tears answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.requests: list[dict[str, Any]] = []
        self.torn: list[Torn] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _SENDS.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        at, body = datetime.now(UTC), await whole_body(receive)
        asked = orjson.loads(body)
        if "biz_opaque_callback_data" in asked:
            to = asked.get("to") or asked.get("recipient", "")
            self.requests.append({"at": at.isoformat(), "message": asked["biz_opaque_callback_data"], "to": to})

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        torn = next((one for one in self.torn if one.times > 0), None)
        if torn is None:
            await self.app(scope, again, send)
            return
        torn.times -= 1
        answered: list[Message] = []

        async def keep(message: Message) -> None:
            answered.append(message)

        await self.app(scope, again, keep)
        await _tear(torn, answered, send)


async def _tear(torn: Torn, answered: list[Message], send: Send) -> None:
    body = b"".join(message.get("body", b"") for message in answered)
    promised = len(body)
    if torn.how == "truncated":
        body = body[: promised // 2]
        promised = len(body)
    elif torn.how == "nameless":
        body = b'{"messaging_product":"whatsapp"}'
        promised = len(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(promised).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if torn.how == "drip":
        for index in range(promised):
            await send({"type": "http.response.body", "body": body[index : index + 1], "more_body": True})
            await asyncio.sleep(torn.seconds)
        body = b""
    elif torn.how == "reset":
        await send({"type": "http.response.body", "body": body[: promised // 2], "more_body": True})
        return  # the server ends the connection of an app that breaks its promise
    await send({"type": "http.response.body", "body": body})


def _play(pipe: Pipe, options: dict[str, Any], latency: float) -> None:
    """The child process."""
    meta: Any = emulators()["meta"].load()(seed=1, **options)
    meta.add_template(TEMPLATE, "de", category="MARKETING", body=BODY, footer=COMPANY)
    slow = Fault("latency", match="POST .*/messages", seconds=latency)
    meta.faults.append(slow)
    witness = _Witness(meta.app())
    actions = meta.actions()

    def history(_: dict[str, Any]) -> dict[str, Any]:
        taken = [{"message": sent.opaque, "to": sent.to} for sent in list(meta.received)]
        return {"requests": list(witness.requests), "taken": taken}

    actions |= {
        "history": history,
        "tear": lambda given: witness.torn.__setitem__(slice(None), [Torn(**one) for one in given["torn"]]),
        "letters": lambda given: vars(meta.webhooks).update(given),
        "clock": lambda given: setattr(meta.clock, "offset", timedelta(seconds=given["offset"])),
        "latency": lambda given: setattr(slow, "seconds", given["seconds"]),
        "faults": lambda given: meta.faults.__setitem__(slice(None), [*(Fault(**f) for f in given["faults"]), slow]),
        "token": lambda given: setattr(meta, "access_token", given["token"]),
    }
    meta.actions = lambda: actions
    with serve(witness) as url:
        pipe.send({"base_url": url, **{name: getattr(meta, name) for name in _NAMES}})
        pipe.recv()  # until the parent is done


class Vendor:
    """The emulated provider, seen from the lab."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self._http = httpx.Client(base_url=settings["base_url"], trust_env=False, timeout=30)

    def do(self, action: str, **given: Any) -> Any:
        answer = self._http.post(f"/_emulator/do/{action}", content=orjson.dumps(given))
        answer.raise_for_status()
        return orjson.loads(answer.content) if answer.content else None

    def fail(self, *faults: Fault) -> None:
        """What goes wrong from now on; nothing given: all is well again."""
        self.do("faults", faults=[asdict(fault) for fault in faults])

    def tear(self, *torn: Torn) -> None:
        self.do("tear", torn=[asdict(one) for one in torn])

    def letters(self, **changes: Any) -> None:
        """How webhooks go out: `double`, `jitter`, `batch`, `attempts`, `retry_after` of the emulator's outbox."""
        self.do("letters", **changes)

    def webhooks_to(self, url: str) -> None:
        self.do("webhook", url=url)

    def say(self, number: str, text: str) -> str:
        """A person writes to the company. Returns the key in `heard`."""
        return str(self.do("say", number=number, text=text))

    def heard(self) -> dict[str, str]:
        """What people said that the hub has acknowledged."""
        told: dict[str, str] = self.do("acks")
        return told

    def history(self) -> dict[str, list[dict[str, str]]]:
        """Every request with a message, and what was taken of it."""
        found: dict[str, list[dict[str, str]]] = self.do("history")
        return found

    def taken(self) -> int:
        return len(self.history()["taken"])

    def asked(self) -> int:
        return len(self.history()["requests"])

    def waiting(self) -> int:
        """Webhooks on their way."""
        return int(self._http.get("/_emulator/state").json()["webhooks_waiting"])

    def close(self) -> None:
        self._http.close()


@contextmanager
def vendor(latency: float, **options: Any) -> Iterator[Vendor]:
    """Emulated Meta. latency: seconds before every answer to a send. options: as `MetaEmulator` takes them."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_play, args=(theirs, options, latency), daemon=True)
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the emulator did not start")
        played = Vendor(ours.recv())
        yield played
        played.close()
    finally:
        child.terminate()
        child.join(timeout=5)
