# SPDX-License-Identifier: Apache-2.0
"""The legal engine: pure rules, no I/O, no clock of its own. Only `hub.law.decide.decide` says yes."""
