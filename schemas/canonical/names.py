"""Names of people: the form that is stored, and the forms that search tokens and linking are made from.

The forms for search and linking all start from `fold_name`, so that accents, case, tone placement and i/y never
decide whether two names meet. None of them is shown to anyone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.canonical.text import DASHES, plain_text
from schemas.errors import CanonicalFormError
from schemas.vietnamese import fold_name, normalise

_SHORTEST_NAME = 2
_LONGEST_NAME = 100
# Beside letters: H'Mông, Y-Bhăm, "A." for an initial, and accents that Unicode cannot join to their letter.
_NOT_LETTERS = dict.fromkeys((*map(ord, " '-."), *range(0x0300, 0x0370)))
_MEND_PUNCTUATION = {**DASHES, **dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`"), "'")}
_WORD = re.compile(r"[^\W\d_]+")

# Onsets that sound alike somewhere in the country, or to a foreign ear at the desk. The longest onset comes first;
# "gi" keeps its i where that is the syllable's vowel. Merging is for finding candidates, never for linking.
_ONSETS = (
    (re.compile(r"ngh"), "ng"),
    (re.compile(r"ng|nh|kh|ph|th"), None),
    (re.compile(r"gh"), "g"),
    (re.compile(r"gi(?=[aou])|d|r"), "d"),
    (re.compile(r"gi"), "di"),
    (re.compile(r"ch|tr"), "ch"),
    (re.compile(r"[ckq]"), "k"),
    (re.compile(r"[sx]"), "s"),
    (re.compile(r"[ln]"), "l"),
)


class NameParts(NamedTuple):
    """A folded name taken apart. A name of one syllable has no surname."""

    surname: str
    middle: tuple[str, ...]
    given: str


def full_name(text: str) -> str:
    """Return a person's name normalised; a name in capitals is capitalised syllable by syllable.

    Args:
        text: 2 to 100 characters once normalised: letters, blanks, apostrophes, hyphens and dots.

    Raises:
        CanonicalFormError: `name_length`, `name_digits`, `name_characters`.
    """
    name = plain_text(text.translate(_MEND_PUNCTUATION), "name", _SHORTEST_NAME, _LONGEST_NAME)
    # Most names are letters and blanks only: looked at first, as this runs for each person of each record.
    if not name.replace(" ", "").isalpha():
        _check_characters(name)
    if not name.isupper():
        return name
    return normalise(_WORD.sub(lambda word: word[0].capitalize(), name))


def names_agree(one: str, other: str) -> bool:
    """Return whether two names are equal without accents, case, tone placement, i/y and blanks.

    This is the rule by which records of a person are linked; an empty name agrees with nothing.
    Source: contract.md, section 2.
    """
    first = fold_name(one).replace(" ", "")
    return first != "" and first == fold_name(other).replace(" ", "")


def name_parts(name: str) -> NameParts:
    """Return surname, middle syllables and given name, folded: ("nguyen", ("thi", "minh"), "khai").

    Raises:
        CanonicalFormError: `name_length`, if the name is empty.
    """
    parts = fold_name(name).split()
    if not parts:
        raise CanonicalFormError("name_length", "a name has at least one syllable")
    return NameParts(surname=parts[0] if len(parts) > 1 else "", middle=tuple(parts[1:-1]), given=parts[-1])


def phonetic_key(folded_name: str) -> str:
    """Return the folded name with onsets that sound alike made one: ch/tr, s/x, d/gi/r, l/n, ng/ngh, g/gh, c/k/q.

    Tones, hỏi and ngã among them, are gone with the folding, and so is i/y. Order and number of syllables stay.
    """
    return " ".join(_phonetic_syllable(syllable) for syllable in fold_name(folded_name).split())


def one_syllable_deletions(folded_name: str) -> tuple[str, ...]:
    """Return the name without its first, its second … syllable, each form once, in that order.

    A name of fewer than three syllables has none: a lone syllable would tell a searching engine too much.
    """
    parts = folded_name.split()
    if len(parts) < 3:
        return ()
    return tuple(dict.fromkeys(" ".join(parts[:index] + parts[index + 1 :]) for index in range(len(parts))))


def sorted_syllables(folded_name: str) -> str:
    """Return the syllables of the name in alphabetical order, for names given in another order."""
    return " ".join(sorted(folded_name.split()))


def _check_characters(name: str) -> None:
    if any(map(str.isdigit, name)):
        raise CanonicalFormError("name_digits", "a name holds no digits")
    if not name.translate(_NOT_LETTERS).isalpha():
        raise CanonicalFormError("name_characters", "a name holds letters, blanks, apostrophes, hyphens and dots")


def _phonetic_syllable(syllable: str) -> str:
    for onset, sound in _ONSETS:
        match = onset.match(syllable)
        if match:
            return syllable if sound is None else sound + syllable[match.end() :]
    return syllable
