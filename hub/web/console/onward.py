# SPDX-License-Identifier: Apache-2.0
"""The way of a link in a CRM to its page, over the login where somebody is not logged in.

Browsers keep a strict cookie back when another site leads here. So the first answer is a page of our own that leads on:
then the cookie comes along. Nothing but an id is taken from the address, so nobody is led elsewhere.
"""

from __future__ import annotations

import re

from starlette.requests import Request

LOGIN, WHY = "/console/login", "/console/why/"
_ID = re.compile(r"[\w.-]{1,120}", re.ASCII)


def login(request: Request) -> str:
    """Where somebody goes who is not known here."""
    about = known(request.url.path.removeprefix(WHY)) if request.url.path.startswith(WHY) else ""
    if not about:
        return LOGIN
    return f"{LOGIN}?why={about}{'&here=1' if 'here' in request.query_params else ''}"


def known(about: str) -> str:
    """An id as we make them; empty for anything else."""
    return about if _ID.fullmatch(about) else ""


def page(about: str) -> str:
    """Where somebody goes who has logged in."""
    return f"{WHY}{about}" if known(about) else "/console"
