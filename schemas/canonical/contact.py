"""How a person is reached: phone, e-mail, address."""

from __future__ import annotations

import re

from schemas.canonical.text import plain_dashes, plain_text
from schemas.errors import CanonicalFormError
from schemas.vietnamese import normalise

# The 11-digit mobile numbers of before September 2018 and the prefixes that replaced theirs.
# Source: Ministry of Information and Communications, Decision 798/QĐ-BTTTT.
_NEW_MOBILE_PREFIXES = {
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
_PHONE_SEPARATORS = re.compile(r"[\s.()\-]+")
_TRUNK_PREFIX = re.compile(r"(?:\+84|0084|84(?=[0-9]{9,11}$))0?|0")
_OLD_MOBILE = re.compile(r"(1[0-9]{2})([0-9]{7})")
_MOBILE = re.compile(r"[35789][0-9]{8}")
_LANDLINE = re.compile(r"2[0-9]{9}")
_FOREIGN = re.compile(r"\+(?!84)[1-9][0-9]{7,14}")

# The practical part of RFC 5322: no quoted local parts, no comments, no address literals.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_LONGEST_EMAIL = 254
_LONGEST_ADDRESS = 500


def phone(text: str) -> str:
    """Return a phone number in E.164: "+84912345678".

    Reads blanks, dots, dashes and parentheses; 0, 84, 0084 or +84 in front; 11-digit mobile numbers of before 2018,
    which become today's; landlines (02…); numbers of other countries if they begin with "+".

    Raises:
        CanonicalFormError: `phone_format`.
    """
    compact = _PHONE_SEPARATORS.sub("", plain_dashes(text))
    if _FOREIGN.fullmatch(compact):
        return compact
    trunk = _TRUNK_PREFIX.match(compact)
    number = compact[trunk.end() :] if trunk else ""
    old = _OLD_MOBILE.fullmatch(number)
    if old and old[1] in _NEW_MOBILE_PREFIXES:
        number = _NEW_MOBILE_PREFIXES[old[1]] + old[2]
    if not (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number)):
        raise CanonicalFormError("phone_format", "expected a phone number such as 0912 345 678, with its leading zero")
    return f"+84{number}"


def email(text: str) -> str:
    """Return an e-mail address in lower case, without blanks at its ends.

    Raises:
        CanonicalFormError: `email_format`.
    """
    address = normalise(text).lower()
    if len(address) > _LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        raise CanonicalFormError("email_format", "expected an e-mail address such as ten@example.vn")
    return address


def address_text(text: str) -> str:
    """Return an address as one normalised line of at most 500 characters.

    Raises:
        CanonicalFormError: `address_length`, `address_characters`.
    """
    return plain_text(text, "address", at_least=1, at_most=_LONGEST_ADDRESS)
