# SPDX-License-Identifier: Apache-2.0
"""The front door for plugin authors: the contract, nothing else."""

from hub.contract import *  # noqa: F403
from hub.contract import __all__ as __all__
