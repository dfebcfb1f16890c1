# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities (Verzeichnis von Verarbeitungstätigkeiten, Art. 30 GDPR).

`content` reads it from what is configured now, `versions` keeps what somebody has signed, and says what changed since.
"""
