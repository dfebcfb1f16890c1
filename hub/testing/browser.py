# SPDX-License-Identifier: Apache-2.0
"""A real headless Chromium, driven by Playwright. It speaks to this machine alone.

The browser comes from `HUB_TEST_CHROMIUM`, else from PATH. A missing one is an error that says what to install,
never a skip.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from hub.testing.programs import Missing

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_QUIET = (
    "--disable-gpu",
    "--disable-dev-shm-usage",  # small in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def program() -> str:
    """The path of Chromium. Raises `Missing`."""
    if given := os.environ.get("HUB_TEST_CHROMIUM"):
        return given
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise Missing(
            "No Chromium for the tests. Install it (Debian and Ubuntu: apt-get install chromium), "
            "or set HUB_TEST_CHROMIUM to the path of one."
        )
    return found


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; every context of it is somebody with cookies of their own. Raises `Missing`."""
    path = program()
    sandbox = os.geteuid() != 0  # as root Chromium's sandbox does not start
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=sandbox, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":  # `make test` asks before it installs one
    try:
        print(program())
    except Missing as missing:
        sys.exit(str(missing))
