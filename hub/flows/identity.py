# SPDX-License-Identifier: Apache-2.0
"""Who is who: a new number, a new BSUID. Stops follow the person; consent holds for the point it was given on."""

from __future__ import annotations

from hub.contract import IdentityChanged
from hub.flows import permission
from hub.flows.desk import Desk
from hub.flows.points import locate


def changed(desk: Desk, event: IdentityChanged) -> None:
    """A new number or BSUID. Stops carry over; consent must be given anew."""
    old = desk.tokens(event.old)
    for point in event.new:
        new = desk.world.vault.token(desk.controller.id, locate(point).point)
        permission.carry_over(desk.world, desk.session, desk.chain, desk.controller, old, new)
