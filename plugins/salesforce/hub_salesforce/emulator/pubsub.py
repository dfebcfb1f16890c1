# SPDX-License-Identifier: Apache-2.0
"""The Pub/Sub API of an emulated org: a gRPC server on a port of its own. Needs the extra `cdc`."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc

from hub_salesforce import eventbus
from hub_salesforce.emulator.events import Events
from hub_salesforce.emulator.signin import Signin

_MOST = 100
_CORRUPT = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted"
_CALLS = {
    "GetTopic": (grpc.unary_unary_rpc_method_handler, eventbus.TopicRequest, eventbus.TopicInfo),
    "GetSchema": (grpc.unary_unary_rpc_method_handler, eventbus.SchemaRequest, eventbus.SchemaInfo),
    "Subscribe": (grpc.stream_stream_rpc_method_handler, eventbus.FetchRequest, eventbus.FetchResponse),
}


class PubSub:
    """The server. `quiet`: seconds after which it says that nothing happened; `allowed`: may the user listen?"""

    def __init__(self, events: Events, signin: Signin, organization: str) -> None:
        self.events, self.signin, self.organization = events, signin, organization
        self.quiet, self.allowed = 270.0, True
        self.streams = 0  # open ones
        self.subscribed: list[bytes] = []  # replay ids with which somebody began, in their order
        self.asked = 0  # events that were asked for, all in all
        self._cut: tuple[int, grpc.StatusCode] = (0, grpc.StatusCode.UNAVAILABLE)

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Yields its address."""
        server = grpc.server(ThreadPoolExecutor(max_workers=16, thread_name_prefix="pubsub"))
        made = {
            name: handler(
                getattr(self, name),
                request_deserializer=request.FromString,
                response_serializer=answer.SerializeToString,
            )
            for name, (handler, request, answer) in _CALLS.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(eventbus.SERVICE, made),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self.cut()
            server.stop(0.2).wait()

    def cut(self, status: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        """End every open stream."""
        with self.events.came:
            self._cut = (self._cut[0] + 1, status)
            self.events.came.notify_all()

    # the calls, named as Salesforce names them

    def GetTopic(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._let_in(context)
        if self.events.entities(request.topic_name) is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "The requested topic does not exist or is not enabled")
        return eventbus.TopicInfo(
            topic_name=request.topic_name, tenant_guid=self.organization, can_subscribe=self.allowed, rpc_id="emulated"
        )

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._let_in(context)
        if request.schema_id not in self.events.schemas:
            context.abort(grpc.StatusCode.NOT_FOUND, "The requested schema does not exist")
        schema = self.events.schemas[request.schema_id]
        return eventbus.SchemaInfo(schema_json=schema, schema_id=request.schema_id, rpc_id="emulated")

    def Subscribe(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:  # noqa: N802
        self._let_in(context)
        first = next(requests)
        if self.events.entities(first.topic_name) is None or not self.allowed:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "You may not subscribe to this topic")
        replay = self._begin(first, context)
        wish = _Wish(self, first, context)
        threading.Thread(target=wish.hear, args=(requests,), daemon=True).start()
        self.streams += 1
        self.subscribed.append(bytes(first.replay_id))
        try:
            yield from self._stream(first.topic_name, replay, wish, context)
        finally:
            self.streams -= 1

    def _begin(self, first: Any, context: Any) -> bytes:
        if first.replay_preset == eventbus.CUSTOM:
            if not self.events.knows(bytes(first.replay_id)):
                context.set_trailing_metadata((("error-code", _CORRUPT),))
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The Replay ID validation failed.")
            return bytes(first.replay_id)
        return self.events.latest if first.replay_preset == eventbus.LATEST else b""

    def _stream(self, topic: str, replay: bytes, wish: _Wish, context: Any) -> Iterator[Any]:
        """Events as they come, as many as were asked for; now and then, that there are none."""
        began, spoken = self._cut[0], time.monotonic()
        while context.is_active():
            with self.events.came:
                self.events.came.wait(0.05)
            if self._cut[0] != began:
                context.abort(self._cut[1], "cut")
            some = self.events.behind(replay, topic)[: wish.pending]
            if some:
                replay = some[-1].replay
                wish.pending -= len(some)
            elif time.monotonic() - spoken < self.quiet:
                continue
            else:
                replay = self.events.latest
            spoken = time.monotonic()
            yield eventbus.FetchResponse(
                events=[_told(one) for one in some],
                latest_replay_id=replay,
                rpc_id="emulated",
                pending_num_requested=wish.pending,
            )

    def _let_in(self, context: Any) -> None:
        said = dict(context.invocation_metadata())
        known = self.signin.known(f"Bearer {said.get('accesstoken', '')}")
        if not known or said.get("tenantid") != self.organization or not said.get("instanceurl"):
            _refuse(context, grpc.StatusCode.UNAUTHENTICATED)


class _Wish:
    """How many events a subscriber still wants."""

    def __init__(self, server: PubSub, first: Any, context: Any) -> None:
        self.server, self.context, self.pending = server, context, 0
        self._add(first)

    def _add(self, request: Any) -> None:
        if not 0 < request.num_requested <= _MOST:
            _refuse(self.context, grpc.StatusCode.INVALID_ARGUMENT)
        self.server.asked += request.num_requested
        self.pending = min(self.pending + request.num_requested, _MOST)

    def hear(self, requests: Iterator[Any]) -> None:
        with contextlib.suppress(grpc.RpcError):
            for request in requests:
                self._add(request)


def _refuse(context: Any, status: grpc.StatusCode) -> NoReturn:
    context.abort(status, "refused")
    raise AssertionError("abort raises")


def _told(one: Any) -> Any:
    event = eventbus.ProducerEvent(id=one.replay.hex(), schema_id=one.schema, payload=one.payload)
    return eventbus.ConsumerEvent(event=event, replay_id=one.replay)
