# SPDX-License-Identifier: Apache-2.0
"""Numbers are judged as the library judges them, though it is asked only once what kind of number one is."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from hub.flows.points import Located, _alike, read_number

SERVICE = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.VOICEMAIL}


def numbers() -> Iterator[PhoneNumber]:
    """Of every country and kind, and others near them, most of which nobody can have."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None and number.national_number is not None:
                yield number
                yield PhoneNumber(number.country_code, number.national_number // 10)
                yield PhoneNumber(number.country_code, number.national_number ^ 0x5555)


def test_number_is_what_the_library_says_of_it() -> None:
    read = usable = 0
    for number in numbers():
        typed, read = phonenumbers.format_number(number, PhoneNumberFormat.E164), read + 1
        parsed = phonenumbers.parse(typed)
        found = read_number(typed, "")
        good = phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) not in SERVICE
        assert isinstance(found, Located) == good, typed
        if isinstance(found, Located):
            usable += 1
            assert found.point.value == phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
            assert found.country == (phonenumbers.region_code_for_number(parsed) or "")
            assert found.zone == _alike(time_zones_for_number(parsed)), typed
    assert read > usable > 1_000
