# SPDX-License-Identifier: Apache-2.0
"""The Pub/Sub API: channels, schemas, a subscription, and what its errors mean. Needs the extra `cdc`."""

from __future__ import annotations

import asyncio
import io
import re
from types import TracebackType
from typing import Any

import fastavro
import grpc
import grpc.aio
import orjson

from hub import BadConfig, HubError, Scope, Throttled, Unavailable
from hub_salesforce import eventbus
from hub_salesforce.login import Session

MOST = 100  # events asked for at once; Salesforce takes no larger number
HEADER = "ChangeEventHeader"
_CALL = 30.0  # seconds
_LARGEST = 64 * 1024 * 1024  # bytes of an answer
_PAUSE = 900.0  # seconds; events are counted by the day
_CODE = re.compile(r"sfdc(\.[a-z]+)+")
_ASK_SOMEBODY = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class Ended(Exception):
    """The session is over, or never was one."""


class Lost(Exception):
    """Salesforce has no events behind this replay id any more."""


class Unreadable(Exception):
    """An event that does not fit its schema."""


class Bus:
    """One channel to Salesforce. Use as an async context manager. Raises `Ended`, and errors of the hub."""

    def __init__(self, url: str, session: Session, tenant: str) -> None:
        target = url.partition("://")[2].rstrip("/")
        options = [("grpc.max_receive_message_length", _LARGEST)]
        if url.startswith("https:"):
            self._channel = grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options)
        else:
            self._channel = grpc.aio.insecure_channel(target, options)
        self._who = (("accesstoken", session.token), ("instanceurl", session.host), ("tenantid", tenant))
        self._schemas: dict[str, tuple[Any, Any]] = {}

    async def __aenter__(self) -> Bus:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType) -> None:
        await self._channel.close()

    async def topic(self, name: str) -> Any:
        """What there is to know of a channel. Raises `BadConfig` where there is none."""
        return await self._ask("GetTopic", eventbus.TopicRequest(topic_name=name), eventbus.TopicInfo)

    async def header(self, event: Any) -> dict[str, Any]:
        """The header of a change event: what changed, and nothing of what it says. Raises `Unreadable`."""
        written, wanted = await self._schema(event.schema_id)
        try:
            read: Any = fastavro.schemaless_reader(io.BytesIO(event.payload), written, wanted)
            header: dict[str, Any] = read[HEADER]
        except Exception as error:  # whatever bytes that are none of its schema lead to
            raise Unreadable(type(error).__name__) from None
        return header

    async def _schema(self, schema_id: str) -> tuple[Any, Any]:
        """As it was written, and as we read it: the header alone."""
        if schema_id not in self._schemas:
            told = await self._ask("GetSchema", eventbus.SchemaRequest(schema_id=schema_id), eventbus.SchemaInfo)
            try:
                schema = orjson.loads(told.schema_json)
                wanted = {**schema, "fields": [one for one in schema["fields"] if one["name"] == HEADER]}
                self._schemas[schema_id] = fastavro.parse_schema(schema), fastavro.parse_schema(wanted)
            except Exception as error:
                raise Unreadable(type(error).__name__) from None
        return self._schemas[schema_id]

    async def subscribe(self, topic: str, replay: bytes) -> Subscription:
        """Everything behind a replay id; without one, what comes from now on."""
        call = self._channel.stream_stream(
            f"/{eventbus.SERVICE}/Subscribe",
            request_serializer=eventbus.FetchRequest.SerializeToString,
            response_deserializer=eventbus.FetchResponse.FromString,
        )(metadata=self._who)
        preset = eventbus.CUSTOM if replay else eventbus.LATEST
        opened = Subscription(call, topic)
        await opened.more(replay_preset=preset, replay_id=replay)
        return opened

    async def _ask(self, method: str, request: Any, answer: Any) -> Any:
        call = self._channel.unary_unary(
            f"/{eventbus.SERVICE}/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        try:
            return await call(request, metadata=self._who, timeout=_CALL)
        except grpc.aio.AioRpcError as error:
            raise meant(error) from None


class Subscription:
    """One open stream. Events come only as they are asked for. Raises `Ended`, `Lost`, and errors of the hub."""

    def __init__(self, call: Any, topic: str) -> None:
        self._call, self._topic = call, topic
        self._reading: asyncio.Task[Any] | None = None

    async def more(self, **first: Any) -> None:
        """Ask for as many events as there may be."""
        await self._safely(self._call.write(eventbus.FetchRequest(topic_name=self._topic, num_requested=MOST, **first)))

    async def read(self, seconds: float) -> Any | None:
        """The next answer; None when there is none in that time, which ends nothing."""
        self._reading = self._reading or asyncio.ensure_future(self._next())
        await asyncio.wait({self._reading}, timeout=seconds)
        if not self._reading.done():
            return None
        finished, self._reading = self._reading, None
        return await self._safely(finished)

    async def _next(self) -> Any:
        answer = await self._call.read()
        if answer is grpc.aio.EOF:
            raise Unavailable("Salesforce has ended the stream of changes")
        return answer

    async def _safely(self, work: Any) -> Any:
        try:
            return await work
        except grpc.aio.AioRpcError as error:
            raise meant(error) from None
        except asyncio.InvalidStateError:  # the call is over: why, the reading side says
            trailers = await self._call.trailing_metadata()
            raise meant(grpc.aio.AioRpcError(await self._call.code(), None, trailers)) from None

    async def close(self) -> None:
        self._call.cancel()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)


def meant(error: grpc.aio.AioRpcError) -> Exception:
    """The one classifier. Salesforce names its reason in a trailer; its sentences may hold anything."""
    status, code = error.code(), _code(error.trailing_metadata())
    why = " ".join(filter(None, [status.name, code]))
    if status is grpc.StatusCode.UNAUTHENTICATED:
        return Ended(why)
    if status is grpc.StatusCode.INVALID_ARGUMENT and ".replayid." in code:
        return Lost(why)
    return _refused(status, why)


def _refused(status: grpc.StatusCode, why: str) -> HubError:
    if status in _ASK_SOMEBODY:
        remedy = "check change_events, and the rights of the app's user"
        return BadConfig(f"Salesforce refused to tell of changes ({why}): {remedy}")
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Throttled(f"the org's events are used up ({why})", after=_PAUSE, scope=Scope.ACCOUNT)
    return Unavailable(f"Salesforce's Pub/Sub API cannot be reached ({why})")


def _code(trailers: Any) -> str:
    said = next((value for name, value in trailers or () if name == "error-code"), "")
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""
