# SPDX-License-Identifier: Apache-2.0
"""Loaded by pytest wherever consent-hub is installed: failures inside the suites show their values."""

import pytest

pytest.register_assert_rewrite(
    "hub.testing.crm_world",
    "hub.testing.crms",
    "hub.testing.damage",
    "hub.testing.provider_table",
    "hub.testing.providers",
)
