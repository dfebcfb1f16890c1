# SPDX-License-Identifier: Apache-2.0
"""`hub`: the command line. It only translates: words into calls, answers into tables."""

from hub.cli.main import app, main

__all__ = ["app", "main"]
