# SPDX-License-Identifier: Apache-2.0
"""Whom the hub calls when somebody typed an address: nobody inside, and only who can show the name's certificate."""

from __future__ import annotations

import asyncio
import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import anyio
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import hub.http
from hub.contract import BadInput
from hub.flows import addresses, subscriptions
from hub.flows.happenings import Kind
from hub.store.tables import Delivery
from hub.work import delivering
from hub.work.delivering import Inside, post
from hub.work.jobs import Jobs
from tests.making import Shop
from tests.receivers import receiving
from tests.test_journey_events import happen

pytest_plugins = ["tests.shops"]
NAME = "receiver.example"
INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "172.16.5.4",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - not to be called
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
]


def test_what_is_not_of_the_internet_is_inside() -> None:
    assert [one for one in INSIDE if addresses.outside(one)] == []
    assert all(map(addresses.outside, ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8")))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org",
        "https://",
        "https://user:word@example.org/",
        "https://example.org/#x",
        "https://exa mple.org/",
        "https://example.org:x/",
        "https://example.org:99999/",
        "https://bücher.example/",
        "https://localhost/",
        f"https://example.org/{'x' * 2000}",
        *(f"https://[{one}]/" if ":" in one else f"https://{one}/" for one in INSIDE),
    ],
)
def test_address_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        addresses.read(url, inside=False)
    assert (caught.value.field, bool(caught.value.remedy)) == ("address", True)


def test_name_that_leads_inside_is_not_called(shop: Shop, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(shop, monkeypatch) as receiver:
        mine = receiver.subscribe(shop)
        happen(shop)
        shop.world.settings = shop.world.settings.model_copy(update={"events_inside": False})
        assert jobs.deliverer.deliver(mine.id) == 0
    assert (receiver.came, receiver.wrong) == ([], [])
    assert shop.only(Delivery).answer == "inside our own network"
    with shop.write() as session, pytest.raises(BadInput):
        subscriptions.make(
            shop.world, session, shop.controller, title="", url=receiver.url, kinds=[Kind.STOP], by="Dana"
        )


class Names:
    """Answers of the name service, one after the other; the last one stays."""

    def __init__(self, *found: str) -> None:
        self.found = list(found)

    async def __call__(self, host: str, port: int, **more: object) -> list[tuple[object, ...]]:
        assert host == NAME
        address = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]


@contextmanager
def secured(folder: Path, name: str) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server with a certificate for `name`, and what trusts it."""
    key, at = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(at - datetime.timedelta(1)).not_valid_after(at + datetime.timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    signed = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(signed + secret)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            good = self.headers["host"].split(":")[0] == NAME
            self.send_response(204 if good else 400)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(folder / "server.pem")
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, ssl.create_default_context(cadata=signed.decode())
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("named", "answer"), [(NAME, "204"), ("other.example", "ConnectError")])
def test_only_the_holder_of_the_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, answer: str
) -> None:
    with secured(tmp_path, named) as (port, trust):
        monkeypatch.setattr(hub.http, "_tls", lambda: trust)

        async def call() -> str:
            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names("127.0.0.1"))
            try:
                return (await post(f"https://{NAME}:{port}/hook", {}, b"{}", inside=True))[0]
            except httpx.HTTPError as error:
                return type(error).__name__

        assert anyio.run(call) == answer


def test_name_that_changes_meanwhile_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked once: what was looked at is what is called."""

    async def call() -> None:
        names = Names("8.8.8.8", "127.0.0.1")
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        assert await delivering._resolve(httpx.URL(f"https://{NAME}/"), inside=False) == "8.8.8.8"
        with pytest.raises(Inside):
            await delivering._resolve(httpx.URL(f"https://{NAME}/"), inside=False)

    anyio.run(call)
