# SPDX-License-Identifier: Apache-2.0
"""Runs migrations on the engine that `Database.alembic()` hands over."""

from alembic import context
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

import hub.store.tables  # noqa: F401  (registers the tables)

engine: Engine = context.config.attributes["engine"]

with engine.execution_options(hub_write=True).connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # processes that start together; SQLite's write lock does the same
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('consent-hub'))"))
        context.run_migrations()
    connection.commit()
