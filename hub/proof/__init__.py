# SPDX-License-Identifier: Apache-2.0
"""Proof that needs no hub: the arithmetic of chains and signed roots, and the check of an evidence capsule.

Pure and offline. Whoever wants to verify reads this room alone; it imports nothing of ours.
"""
