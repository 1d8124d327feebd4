"""Numbers that identify a person: the 12-digit citizen id, the 9-digit one before it, passports."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from schemas.canonical.text import compact_code
from schemas.errors import CanonicalFormError

# Codes of the 63 provinces where a birth was registered. They outlive the mergers of July 2025, as ids do not change.
# Source: Circular 59/2021/TT-BCA, appendix I.
PROVINCE_CODES = frozenset(
    f"{code:03}"
    for code in (
        *(1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42),
        *(44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84),
        *(86, 87, 89, 91, 92, 93, 94, 95, 96),
    )
)
# The fourth digit: 0 and 1 are men and women born 1900 to 1999, 2 and 3 those born 2000 to 2099. A later century would
# be a typing error. The clock is not asked: a canonical form must be the same on every day.
_CENTURIES = {"0": 1900, "1": 1900, "2": 2000, "3": 2000}

_SEPARATORS = re.compile(r"[\s.]+")
_DIGITS = re.compile(r"[0-9]+")
# ICAO 9303 allows nine letters and digits; a Vietnamese passport is a letter and seven or eight digits.
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{6,9}")


class CitizenIdFacts(NamedTuple):
    """What a citizen id says of its holder."""

    province: str
    sex: Literal["male", "female"]
    birth_year: int


def citizen_id(text: str) -> str:
    """Return the 12 digits of a citizen id (số định danh, CCCD); blanks and dots between them are dropped.

    Raises:
        CanonicalFormError: `citizen_id_characters`, `citizen_id_length` (with 11 digits the message says that a leading
            zero may be lost), `citizen_id_province` (no code of a province), `citizen_id_century` (fourth digit).
    """
    digits = _only_digits(text, "citizen_id")
    if len(digits) == 11:
        raise CanonicalFormError(
            "citizen_id_length", "a citizen id has 12 digits; this one has 11: a leading zero may have been lost"
        )
    if len(digits) != 12:
        raise CanonicalFormError("citizen_id_length", "a citizen id has 12 digits")
    if digits[:3] not in PROVINCE_CODES:
        raise CanonicalFormError("citizen_id_province", "the first three digits of a citizen id are a province's code")
    if digits[3] not in _CENTURIES:
        raise CanonicalFormError("citizen_id_century", "the fourth digit of a citizen id is 0, 1, 2 or 3")
    return digits


def citizen_id_facts(text: str) -> CitizenIdFacts:
    """Return province of birth ("040"), sex and birth year that a citizen id carries.

    Raises:
        CanonicalFormError: as `citizen_id`.
    """
    digits = citizen_id(text)
    return CitizenIdFacts(
        province=digits[:3],
        sex="female" if digits[3] in "13" else "male",
        birth_year=_CENTURIES[digits[3]] + int(digits[4:6]),
    )


def old_id(text: str) -> str:
    """Return the 9 digits of an old identity number (CMND).

    Raises:
        CanonicalFormError: `old_id_characters`, `old_id_length`.
    """
    digits = _only_digits(text, "old_id")
    if len(digits) != 9:
        raise CanonicalFormError("old_id_length", "an old identity number has 9 digits; mind leading zeros")
    return digits


def passport(text: str) -> str:
    """Return a passport number: 6 to 9 letters and digits in upper case, without blanks.

    Raises:
        CanonicalFormError: `passport_format`.
    """
    number = compact_code(text)
    if not _PASSPORT.fullmatch(number):
        raise CanonicalFormError("passport_format", "a passport number has 6 to 9 letters and digits")
    return number


def _only_digits(text: str, kind: str) -> str:
    digits = _SEPARATORS.sub("", text)
    if not _DIGITS.fullmatch(digits):
        raise CanonicalFormError(f"{kind}_characters", "expected digits only; blanks and dots between them are allowed")
    return digits
