# SPDX-License-Identifier: Apache-2.0
"""Words by which a message reveals health, belief, union membership and the like (Art. 9(1) GDPR), German and English.

In the normal form of `stopwords.normal`. Inference is enough (CJEU C-21/23: ordering from a pharmacy). The list only
finds what a text says itself; that all recipients share a diagnosis is a fact of the segment.
"""

from __future__ import annotations

import re

_HEALTH = (
    r"(?:apotheke\w*|pharmacy|pharmacies|rezept(?:e|es)?|prescriptions?|medikament\w*|medication\w*|arzneimittel\w*)",
    r"(?:schmerzmittel\w*|painkillers?|allergi\w*|allergy|diabet\w*|blutzucker\w*|blood sugar|insulin)",
    r"(?:onkologi\w*|oncology|krebs(?:vorsorge|therapie|patient\w*)|cancer|tumor\w*|chemotherap\w*)",
    r"(?:hiv|aids|schwanger\w*|pregnan\w*|psychiat\w*|psychotherap\w*|depressi\w*|suchtberatung|addiction)",
    r"(?:laborbefund\w*|laborwerte|lab results|diagnos\w*|befund\w*|therapy session|klinik\w*|clinic)",
    r"(?:impfung\w*|impftermin\w*|vaccinat\w*|behinderung|disabilit\w*|krankschreibung\w*|sick note)",
)
_BELIEF = (
    r"(?:kirche\w*|kirchen\w*|church\w*|moschee\w*|mosque\w*|synagog\w*|konfession\w*|gottesdienst\w*)",
    r"(?:gewerkschaft\w*|trade union|parteimitglied\w*|party member\w*)",
    r"(?:sexuell\w* orientierung|sexual orientation|homosex\w*|transgender)",
)
SENSITIVE = re.compile(rf"\b(?:{'|'.join((*_HEALTH, *_BELIEF))})\b")
