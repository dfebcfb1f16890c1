# SPDX-License-Identifier: Apache-2.0
"""How people say "no more", one module per language. Native speakers should look through theirs before a release."""

from hub.law.languages.de import GERMAN
from hub.law.languages.en import ENGLISH
from hub.law.languages.es import SPANISH
from hub.law.languages.fr import FRENCH
from hub.law.languages.it import ITALIAN
from hub.law.languages.language import WILL, Language
from hub.law.languages.nl import DUTCH
from hub.law.languages.others import OTHERS, SHARED, STOP_SIGNS, UNWILLING_SIGNS
from hub.law.languages.pl import POLISH
from hub.law.languages.tr import TURKISH

LANGUAGES = (GERMAN, ENGLISH, FRENCH, ITALIAN, SPANISH, DUTCH, POLISH, TURKISH, SHARED, OTHERS)

__all__ = ["LANGUAGES", "STOP_SIGNS", "UNWILLING_SIGNS", "WILL", "Language"]
