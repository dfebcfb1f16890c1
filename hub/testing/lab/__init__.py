# SPDX-License-Identifier: Apache-2.0
"""The load lab: a vendor and a hub in processes of their own, and a company whose people consented to advertising."""

from hub.testing.lab.company import BODY, COMPANY, TEMPLATE, TOPIC, WAITING, Lab, number
from hub.testing.lab.vendor import Arrival, Vendor, emulated

__all__ = [
    "BODY",
    "COMPANY",
    "TEMPLATE",
    "TOPIC",
    "WAITING",
    "Arrival",
    "Lab",
    "Vendor",
    "emulated",
    "number",
]
