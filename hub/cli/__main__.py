# SPDX-License-Identifier: Apache-2.0
"""`python -m hub.cli`, where the command `hub` is not on PATH."""

from hub.cli import main

main()
