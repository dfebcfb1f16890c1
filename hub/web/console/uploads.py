# SPDX-License-Identifier: Apache-2.0
"""Forms with files (multipart/form-data, RFC 7578), as browsers send them. Nothing of a file is interpreted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message

from starlette.requests import Request

_OTHER = 64 * 1024  # bytes that all other fields may have
_PARTS = 30
_NAME = re.compile(rb'[;\s]name="([^"]*)"')
_FILE = re.compile(rb'[;\s]filename="([^"]*)"')
_ESCAPED = ((b"%22", b'"'), (b"%0D", b"\r"), (b"%0A", b"\n"))  # as browsers write them


@dataclass(frozen=True, slots=True)
class Upload:
    """One file. Its name is what the sender says: nothing to trust."""

    name: str
    body: bytes = field(repr=False)


def has_files(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read(request: Request, most: int) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    """Fields and files by name. A body that is too long is cut, so that its file is longer than `most`."""
    body = bytearray()
    async for chunk in request.stream():  # to its end, so that the browser hears the answer
        if len(body) <= most + _OTHER:
            body += chunk
    return split(request.headers.get("content-type", ""), bytes(body))


def split(content_type: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    """Fields and files of a body; nothing where it is no such form."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    form: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return form, files
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("utf-8", "replace"), _PARTS)
    for piece in pieces[1:]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if piece.startswith(b"--") or not blank or name is None:
            continue
        file = _FILE.search(head)
        if file is None:
            form.setdefault(_text(name[1]), []).append(content.decode("utf-8", "replace").replace("\0", ""))
        else:
            files[_text(name[1])] = Upload(_text(file[1]), content)
    return form, files


def _text(raw: bytes) -> str:
    for escaped, plain in _ESCAPED:
        raw = raw.replace(escaped, plain)
    return raw.decode("utf-8", "replace").replace("\0", "")


Files = Mapping[str, Upload]
