# SPDX-License-Identifier: Apache-2.0
"""The `hub` command and its sub-commands."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from hub.cli import (
    bench,
    bench_console,
    bench_decide,
    bench_emulator,
    bench_people,
    bench_send,
    bench_start,
    bench_stop,
    bench_webhooks,
    campaign,
    claims,
    connection,
    decide,
    demo,
    emulate,
    events,
    evidence,
    faults,
    identity,
    keys,
    limits,
    notice,
    optin,
    policy,
    prices,
    processor,
    proof,
    providers,
    quarantine,
    record,
    reports,
    restore,
    review,
    rights,
    route,
    run,
    senders,
    setup,
    staff,
    stops,
    sync,
    templates,
    webhooks,
)
from hub.cli.session import err
from hub.contract import HubError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Integration hub between CRMs and WhatsApp that checks the legal basis of every message.",
)
setup.register(app)
sync.register(app)
reports.register(app)
keys.register(app)
staff.register(app)
connection.register(app)
senders.register(app)
templates.register(app)
run.register(app)
emulate.register(app)
app.add_typer(campaign.app, name="campaign")
app.add_typer(optin.app, name="optin")
app.add_typer(processor.app, name="processor")
app.add_typer(providers.app, name="providers")
app.add_typer(route.app, name="route")
app.add_typer(rights.app, name="rights")
app.add_typer(record.app, name="record")
app.add_typer(events.app, name="events")
notice.register(app)
proof.register(app)
evidence.register(app)
restore.register(app)
decide.register(app)
review.register(app)
claims.register(app)
quarantine.register(app)
identity.register(app)
stops.register(app)
webhooks.register(app)
policy.register(app)
prices.register(app)
limits.register(app)
bench.register(app)
bench_console.register(app)
bench_decide.register(app)
bench_emulator.register(app)
bench_people.register(app)
bench_send.register(app)
bench_start.register(app)
bench_webhooks.register(app)
bench_stop.register(app)
faults.register(app)
demo.register(app)


def main() -> None:
    """Errors that a person can mend are one sentence and exit code 2."""
    try:
        app()
    except HubError as error:
        err.print(f"[bold red]Error[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
