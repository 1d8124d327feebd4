"""What the canonical forms share: plain text, and codes without the blanks and dashes that clerks put in."""

from __future__ import annotations

import re

from schemas.errors import CanonicalFormError
from schemas.vietnamese import normalise

# For str.translate: hyphens, dashes and the minus sign, as word processors and phones put them in the place of "-".
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_BLANKS = re.compile(r"\s+")


def plain_text(text: str, kind: str, at_least: int, at_most: int) -> str:
    """Return `text` normalised, on one line.

    Args:
        text: anything; white space, line ends included, becomes single blanks.
        kind: what the text is, the start of the error's reason: "address" gives `address_length`.
        at_least: fewest characters of the result.
        at_most: most characters of the result.

    Raises:
        CanonicalFormError: `…_length`, or `…_characters` for control, private and unassigned characters.
    """
    normal = normalise(text)
    if not at_least <= len(normal) <= at_most:
        raise CanonicalFormError(f"{kind}_length", f"expected {at_least} to {at_most} characters")
    if not normal.isprintable():
        raise CanonicalFormError(f"{kind}_characters", "control or unassigned characters are not allowed")
    return normal


def plain_dashes(text: str) -> str:
    """Return `text` with every kind of dash as "-"."""
    return text.translate(DASHES)


def compact_code(text: str) -> str:
    """Return `text` in upper case, without white space, with plain dashes: what a code's pattern is matched against."""
    return _BLANKS.sub("", plain_dashes(normalise(text))).upper()
