# SPDX-License-Identifier: Apache-2.0
"""Requests of a person under the GDPR: the register, what is carried out, who has to be told, and the answer.

`arrivals` are the ways in, `requests` keeps the register, `carrying` does what was asked for, `receipts` follows it
into every other system, `packets` makes the answer out of what `held` and `around` find.
"""
