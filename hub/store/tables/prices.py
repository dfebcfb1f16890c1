# SPDX-License-Identifier: Apache-2.0
"""What messages cost, as the admin has it from the provider. The hub brings no prices of its own."""

from __future__ import annotations

from datetime import date

from sqlmodel import Field, SQLModel


class Price(SQLModel, table=True):
    """One message of a category to a country, from a day on."""

    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    country: str = Field(primary_key=True)  # ISO 3166-1 alpha-2; "*": every country not listed
    category: str = Field(primary_key=True)  # the platform's
    valid_from: date = Field(primary_key=True)
    price: str  # a decimal number
    currency: str  # ISO 4217
