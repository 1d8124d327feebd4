"""Text of procedures to index terms: accented and folded syllables, and pairs of folded syllables.

No word segmenter and no stemmer: folded syllables with their pairs find more, and find it for queries without accents
too. Source: design.md, section 3. The same function makes the terms of a query, so that both sides always meet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from schemas.vietnamese import fold, syllables

# Raised whenever `index_terms` gives other terms for some text: an index built under another version is built anew.
ANALYSIS_VERSION = 1

# A pair across the end of a sentence, a line or a parenthesis is no word. Commas stay inside: titles are lists
# ("Cấp, cấp lại giấy phép"), and people type them without commas.
_PHRASE_END = re.compile(r"[.;:!?()\[\]{}\"“”…•|\n\r\t]+")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one text, in its order, repeats included. `accented` and `folded` have equal length."""

    accented: list[str]
    folded: list[str]
    bigrams: list[str]


def index_terms(text: str) -> Terms:
    """Return the terms of `text`: "Đăng ký xe" gives đăng, ký, xe; dang, ky, xe; dang_ky, ky_xe."""
    accented: list[str] = []
    folded: list[str] = []
    pairs: list[str] = []
    for phrase in _PHRASE_END.split(text):
        words = syllables(phrase)
        # Folded in one call: that is what the cost of indexing a long text hangs on.
        bare = fold(" ".join(words)).split()
        accented += words
        folded += bare
        pairs += bigrams(bare)
    return Terms(accented, folded, pairs)


def bigrams(folded: list[str]) -> list[str]:
    """Return each two neighbours of one phrase, joined: ["dang", "ky"] gives ["dang_ky"]."""
    return [f"{first}_{second}" for first, second in pairwise(folded)]
