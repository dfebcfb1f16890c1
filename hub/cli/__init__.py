# SPDX-License-Identifier: Apache-2.0
"""`hub`: the command line. It only translates: words into calls, answers into tables."""

import gc

gc.disable()  # all that is imported stays; looking through it for garbage meanwhile takes a fifth of a start
from hub.cli.main import app, main  # noqa: E402

gc.enable()

__all__ = ["app", "main"]
