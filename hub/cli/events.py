# SPDX-License-Identifier: Apache-2.0
"""`hub events`: programs that are told what happens."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.session import controller, out, user, world
from hub.flows import subscriptions
from hub.flows.happenings import Kind

app = typer.Typer(no_args_is_help=True, help="Programs that are told what happens, by signed webhooks.")
_Id = Annotated[str, typer.Argument(help="Id of the subscription, see `hub events list`.")]


@app.command()
def subscribe(
    address: Annotated[str, typer.Argument(help="Where to deliver; begins with https://.")],
    kind: Annotated[list[str], typer.Option(help=f"What to tell, several times: {', '.join(Kind)}.")],
    title: Annotated[str, typer.Option(help="Which program it is; without, the host.")] = "",
    by: Annotated[str, typer.Option(help="Who subscribes; without, the name you are logged in with.")] = "",
) -> None:
    """Tell an address what happens from now on. The secret that signs it is shown once."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        made, secret = subscriptions.make(built, session, owner, title=title, url=address, kinds=kind, by=user(by))
        out.print(f"Subscription {made.id} for {made.host}. Its secret, shown this once:", highlight=False)
    out.print(secret, highlight=False, markup=False)


@app.command("list")
def list_() -> None:
    """All subscriptions, and what waits for them."""
    with world() as built, built.db.read() as session:
        found = subscriptions.every(session, controller(built, session))
    for one in found:
        row = one.row
        out.print(f"{row.id}  {row.title} ({row.host}): {row.paused_why or 'open'}", highlight=False, markup=False)
        out.print(f"  {' '.join(row.kinds)}", highlight=False, markup=False)
        out.print(f"  waiting {one.waiting}, parked {one.parked}, lost {row.lost}", highlight=False)


@app.command()
def parked(subscription: _Id) -> None:
    """Deliveries that were not taken until the last try, the oldest first."""
    with world() as built, built.db.read() as session:
        found = subscriptions.parked(session, subscriptions.find(session, controller(built, session), subscription))
    for one in found:
        made = f"{one.made_at:%Y-%m-%d %H:%M}"
        out.print(f"{one.id}  {made}: {one.events} events, {one.attempts} tries, {one.answer}", highlight=False)
    if not found:
        out.print("Nothing is parked.")


@app.command()
def again(
    subscription: _Id,
    delivery: Annotated[str, typer.Option(help="Only this delivery; without, all that are parked.")] = "",
) -> None:
    """Send what was parked once more, with its old id."""
    with world() as built, built.db.write() as session:
        row = subscriptions.find(session, controller(built, session), subscription)
        count = subscriptions.again(built, session, row, delivery)
    out.print(f"Deliveries tried once more: {count}.", highlight=False)


@app.command()
def pause(subscription: _Id) -> None:
    """Send nothing from now on. What happens is kept for 7 days."""
    with world() as built, built.db.write() as session:
        subscriptions.pause(session, subscriptions.find(session, controller(built, session), subscription))
    out.print("Paused.")


@app.command()
def resume(subscription: _Id) -> None:
    """Go on where it stood."""
    with world() as built, built.db.write() as session:
        subscriptions.resume(built, session, subscriptions.find(session, controller(built, session), subscription))
    out.print("It goes on.")


@app.command()
def remove(subscription: _Id) -> None:
    """Tell it nothing any more, not even what was not delivered."""
    with world() as built, built.db.write() as session:
        subscriptions.remove(built, session, subscriptions.find(session, controller(built, session), subscription))
    out.print("Removed.")
