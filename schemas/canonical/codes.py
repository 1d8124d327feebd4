"""Codes and numbers of procedures, dossiers, agencies and papers."""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.canonical.text import compact_code, plain_dashes, plain_text
from schemas.errors import CanonicalFormError
from schemas.vietnamese import normalise

_DOSSIER = re.compile(r"[0-9A-Z][0-9A-Z.]{0,31}-[0-9]{6}-[0-9]{4,6}")
_PROCEDURE = re.compile(r"([1-9]\.[0-9]{6})(?:\.([0-9]{3}\.[0-9]{2}\.[0-9]{2}(?:\.[A-Z][0-9]{2})?|[A-Z][0-9]{2}))?")
# Letters after the province stand for a body of its own there: H41CA, the police of H41.
_AGENCY = re.compile(r"(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.)?[A-Z][0-9]{2}[A-Z]{0,4}(?:\.[0-9]{1,3}){0,3}")
_RESULT_KIND = re.compile(r"KQ\.[GH][0-9]{2}\.[0-9]{5,6}")
_LONGEST_DOCUMENT_NUMBER = 100
_PLAIN_DOCUMENT_NUMBER = re.compile(rf"[0-9A-Z][0-9A-Z./-]{{0,{_LONGEST_DOCUMENT_NUMBER - 1}}}")
_BLANKS_AT_JOINTS = re.compile(r"\s*([/-])\s*")


class ProcedureCode(NamedTuple):
    """The national code of a procedure, and what an agency appended to it."""

    short: str
    suffix: str | None


def dossier_code(text: str) -> str:
    """Return a dossier's code: unit, yymmdd and counter, as in "H41.14-231107-0001".

    Raises:
        CanonicalFormError: `dossier_code_format`.
    """
    return _matching(_DOSSIER, text, "dossier_code", "H41.14-231107-0001")


def procedure_code(text: str) -> ProcedureCode:
    """Return the national code ("1.001193") and the local suffix ("000.00.00.H41", "H41") or None.

    Raises:
        CanonicalFormError: `procedure_code_format`.
    """
    code = compact_code(text)
    match = _PROCEDURE.fullmatch(code)
    if match is None:
        raise CanonicalFormError("procedure_code_format", "expected a code such as 1.001193 or 1.001193.000.00.00.H41")
    return ProcedureCode(match[1], match[2])


def agency_code(text: str) -> str:
    """Return an agency's code, such as "H41.14" or "000.00.00.H41".

    Raises:
        CanonicalFormError: `agency_code_format`.
    """
    return _matching(_AGENCY, text, "agency_code", "H41.14")


def result_kind(text: str) -> str:
    """Return the code of a kind of result, such as "KQ.G15.000031".

    Raises:
        CanonicalFormError: `result_kind_format`.
    """
    return _matching(_RESULT_KIND, text, "result_kind", "KQ.G15.000031")


def document_number(text: str) -> str:
    """Return the number of a paper in upper case, without blanks around "/" and "-": "118/2025/NĐ-CP".

    Raises:
        CanonicalFormError: `document_number_length`, `document_number_characters` (control characters, or neither a
            letter nor a digit).
    """
    if _PLAIN_DOCUMENT_NUMBER.fullmatch(text):
        return text
    # Upper case may decompose a letter, so the text is normalised after it.
    upper = normalise(plain_dashes(text).upper())
    number = plain_text(_BLANKS_AT_JOINTS.sub(r"\1", upper), "document_number", 1, _LONGEST_DOCUMENT_NUMBER)
    if not any(character.isalnum() for character in number):
        raise CanonicalFormError("document_number_characters", "a document number has letters or digits")
    return number


def _matching(pattern: re.Pattern[str], text: str, kind: str, example: str) -> str:
    # Nearly every code comes as it should be: mending its spelling first cost a tenth of reading a record.
    if pattern.fullmatch(text):
        return text
    code = compact_code(text)
    if not pattern.fullmatch(code):
        raise CanonicalFormError(f"{kind}_format", f"expected a code such as {example}")
    return code
