# SPDX-License-Identifier: Apache-2.0
"""Country names as people type them, to ISO 3166-1 alpha-2. Conservative: what is not surely known is "".

A wrong country would choose the wrong message law, so there is no guessing and no fuzzy match.
"""

from __future__ import annotations

_NAMES = {
    "AT": "aut österreich oesterreich austria autriche",
    "BE": "bel belgien belgium belgique belgië",
    "BG": "bgr bulgarien bulgaria",
    "CH": "che schweiz switzerland suisse svizzera",
    "CY": "cyp zypern cyprus",
    "CZ": "cze tschechien czechia",
    "DE": "deu ger deutschland germany bundesrepublik-deutschland allemagne",
    "DK": "dnk dänemark daenemark denmark danmark",
    "EE": "est estland estonia",
    "ES": "esp spanien spain españa",
    "FI": "fin finnland finland suomi",
    "FR": "fra frankreich france",
    "GB": "gbr uk united-kingdom vereinigtes-königreich großbritannien great-britain england",
    "GR": "grc griechenland greece",
    "HR": "hrv kroatien croatia hrvatska",
    "HU": "hun ungarn hungary magyarország",
    "IE": "irl irland ireland",
    "IS": "isl island iceland",
    "IT": "ita italien italy italia",
    "LI": "lie liechtenstein",
    "LT": "ltu litauen lithuania",
    "LU": "lux luxemburg luxembourg",
    "LV": "lva lettland latvia",
    "MT": "mlt malta",
    "NL": "nld niederlande netherlands the-netherlands nederland",
    "NO": "nor norwegen norway norge",
    "PL": "pol polen poland polska",
    "PT": "prt portugal",
    "RO": "rou rumänien rumaenien romania",
    "SE": "swe schweden sweden sverige",
    "SI": "svn slowenien slovenia",
    "SK": "svk slowakei slovakia",
    "TR": "tur türkei tuerkei turkey türkiye",
    "US": "usa united-states united-states-of-america vereinigte-staaten",
}
_CODES = {name: code for code, names in _NAMES.items() for name in (code.lower(), *names.split())}


def iso_country(typed: str) -> str:
    """ISO 3166-1 alpha-2 of a code or name in English, German or the country's own tongue; "" where unknown."""
    return _CODES.get("-".join(typed.replace(".", "").casefold().split()), "")
