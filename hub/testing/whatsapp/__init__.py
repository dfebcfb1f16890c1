# SPDX-License-Identifier: Apache-2.0
"""The emulated WhatsApp: people, windows, templates, limits and fates, the same whichever vendor stands before it.

A vendor's emulator inherits `WhatsApp` and is its dialect: it brings routes, error bodies, shapes and signatures.
"""

from hub.testing.whatsapp import contents
from hub.testing.whatsapp.dialect import Sent
from hub.testing.whatsapp.filling import variables
from hub.testing.whatsapp.media import MediaStore
from hub.testing.whatsapp.people import EVERY_STATUS, WINDOW, User, digits_of, is_bsuid
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.shelf import TemplateSend
from hub.testing.whatsapp.templates import Stored
from hub.testing.whatsapp.world import WhatsApp

__all__ = [
    "EVERY_STATUS",
    "WINDOW",
    "MediaStore",
    "Refused",
    "Sent",
    "Stored",
    "TemplateSend",
    "User",
    "WhatsApp",
    "contents",
    "digits_of",
    "is_bsuid",
    "variables",
]
