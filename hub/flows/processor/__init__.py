# SPDX-License-Identifier: Apache-2.0
"""The admin's file on a provider (Art. 28 GDPR): what was seen, by whom, when, and until when that holds.

`points` are the questions, `form` is the file, `gaps` says what is missing before it may be approved, `versions` keeps
it, `papers` keep the documents, `known` lays beside it what plugins know. Nothing a plugin says is ever a check.
"""
