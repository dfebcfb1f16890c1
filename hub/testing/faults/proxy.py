# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy in a thread of its own: cuts lines, refuses callers, and resets a line at the worst of moments."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
Line = tuple[asyncio.StreamWriter, asyncio.StreamWriter]  # to the caller, to the server


class Proxy:
    """Between callers and one server. Every method may be called from any thread."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._loop = asyncio.new_event_loop()
        self._lines: set[Line] = set()
        self._refusing = False
        self._fatal: Callable[[bytes], bool] = lambda _: False
        self.port = 0
        self.resets = 0

    def cut(self) -> None:
        """Reset every line and refuse new ones, until `mend`."""
        self._refusing = True
        self._loop.call_soon_threadsafe(self._cut)

    def mend(self) -> None:
        self._refusing = False
        self._fatal = lambda _: False

    def reset_on(self, fatal: Callable[[bytes], bool]) -> None:
        """What a caller says is passed on, but where it is `fatal` the caller never hears the server's answer."""
        self._fatal = fatal

    def _cut(self) -> None:
        for line in list(self._lines):
            self._reset(line)

    def _reset(self, line: Line) -> None:
        for writer in line:
            with contextlib.suppress(OSError):
                taken: socket.socket = writer.get_extra_info("socket")
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        self._lines.discard(line)

    async def _serve(self, caller: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self._refusing:
            back.transport.abort()
            return
        try:
            server, forth = await asyncio.open_connection(*self._server)
        except OSError:
            back.transport.abort()
            return
        line = (back, forth)
        self._lines.add(line)
        deaf = asyncio.Event()
        await asyncio.gather(self._ask(caller, line, deaf), self._answer(server, line, deaf), return_exceptions=True)
        self._lines.discard(line)
        back.close()
        forth.close()

    async def _ask(self, caller: asyncio.StreamReader, line: Line, deaf: asyncio.Event) -> None:
        while chunk := await caller.read(_CHUNK):
            if self._fatal(chunk):
                deaf.set()
            line[1].write(chunk)
            await line[1].drain()
        line[1].close()

    async def _answer(self, server: asyncio.StreamReader, line: Line, deaf: asyncio.Event) -> None:
        while chunk := await server.read(_CHUNK):
            if deaf.is_set():  # the server has done it, and answered
                self.resets += 1
                self._reset(line)
                return
            line[0].write(chunk)
            await line[0].drain()
        line[0].close()

    def _run(self, ready: threading.Event) -> None:
        async def main() -> None:
            listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = listening.sockets[0].getsockname()[1]
            ready.set()
            async with listening:
                await listening.serve_forever()

        with contextlib.suppress(RuntimeError, asyncio.CancelledError):
            self._loop.run_until_complete(main())

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(ready,), name="proxy", daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._cut)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(timeout=5)
