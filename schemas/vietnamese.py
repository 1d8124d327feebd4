"""Spelling of Vietnamese text: one normal form, folded forms, syllables.

Everything that compares Vietnamese text, names and search terms alike, starts from `normalise` or `fold`, so that
two spellings of one word are equal everywhere or nowhere. Source: design.md, section 3.
"""

import re
import unicodedata
from functools import _lru_cache_wrapper, lru_cache
from typing import TypeVar

_Result = TypeVar("_Result")

# Every tone on every vowel, in the order: none, huyền, sắc, hỏi, ngã, nặng.
_TONE_ROWS = (
    "aàáảãạ", "ăằắẳẵặ", "âầấẩẫậ", "eèéẻẽẹ", "êềếểễệ", "iìíỉĩị",
    "oòóỏõọ", "ôồốổỗộ", "ơờớởỡợ", "uùúủũụ", "ưừứửữự", "yỳýỷỹỵ",
)  # fmt: skip
_BOTH_CASES = _TONE_ROWS + tuple(row.upper() for row in _TONE_ROWS)
_ROW_OF_VOWEL = {row[0]: row for row in _BOTH_CASES}
_TONE_OF_LETTER = {letter: tone for row in _BOTH_CASES for tone, letter in enumerate(row) if tone}
_WITHOUT_TONE = str.maketrans({letter: row[0] for row in _BOTH_CASES for letter in row[1:]})

# Eth and African D look like Đ and are typed, or scanned, in its place.
_LOOKALIKES = {0x00D0: "Đ", 0x00F0: "đ", 0x0189: "Đ", 0x0256: "đ"}
# Characters without width, which copying from web pages leaves inside words.
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF))
_MEND_LETTERS = str.maketrans({**_LOOKALIKES, **_INVISIBLE})

# Marks that make another letter (circumflex, breve, horn). Unicode composes ế from them only if they precede the tone.
_LETTER_MARKS = "\u0302\u0306\u031b"
_MARK_RUN = re.compile("[\u0300-\u036f]{2,}")

_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W_]+")
# Onset, vowels, coda of one syllable without its tone. "qu" is an onset, and so is "gi" before a vowel.
_SYLLABLE = re.compile(
    r"(ngh|ch|gh|gi(?=[aăâeêioôơuưy])|kh|ng|nh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    r"([aăâeêioôơuưy]{1,3})"
    r"(ch|ng|nh|[cmnpt])?",
    re.IGNORECASE,
)
_MARKED_VOWELS = frozenset("ăâêôơư")
# A syllable whose only vowel is y, after any consonants: the y that is also written i (kỹ = kĩ, quý = quí).
_LONE_Y = re.compile(r"(qu|[bcdghklmnpqrstvx]*)y([bcdghklmnpqrstvx]*)")

# Longer tokens are no syllables: keeping them would only push syllables out of the cache.
_LONGEST_CACHED = 16
_CACHE_SIZE = 1 << 16


def normalise(text: str) -> str:
    """Return the one spelling of `text` that this project stores and compares; case is kept.

    NFC; Ð, ð and Ɖ become Đ, đ; the tone mark stands on the letter where the older style puts it (hòa, thủy, khỏe,
    quý, lượng); runs of white space become one blank, none at the ends; characters without width are dropped.
    Idempotent. Words that are no Vietnamese syllable keep their marks.
    """
    return _by_token(_normal_token, text)


def fold(text: str) -> str:
    """Return `text` in lower case, without tone or vowel marks, đ as d, white space as in `normalise`.

    "Nguyễn Thị Mỹ Đức" becomes "nguyen thi my duc". Idempotent; equal for every spelling that `normalise` makes equal.
    """
    return _by_token(_folded_token, text)


def fold_name(text: str) -> str:
    """Return `fold` with y and i merged where they spell one sound: kỹ = kĩ, lý = lí, quý = quí, sỹ = sĩ.

    Only a y that is the syllable's whole vowel becomes i; "thuy" and "thui", "may" and "mai" stay apart.
    Two names that agree (contract.md, section 2) are equal in this form once the blanks are taken out.
    """
    return _by_token(_folded_name_token, text)


def syllables(text: str) -> list[str]:
    """Return the runs of letters and digits of `text`, normalised, in lower case, in order."""
    return [syllable for token in text.split() for syllable in _apply(_token_syllables, token)]


def _by_token(transform: "_lru_cache_wrapper[str]", text: str) -> str:
    return " ".join(filter(None, [_apply(transform, token) for token in text.split()]))


def _apply(transform: "_lru_cache_wrapper[_Result]", token: str) -> "_Result":
    # A number seldom comes again, and may be a person's: it is not kept.
    cached = len(token) <= _LONGEST_CACHED and not token.isdecimal()
    return transform(token) if cached else transform.__wrapped__(token)


@lru_cache(_CACHE_SIZE)
def _normal_token(token: str) -> str:
    if token.isascii():
        return token
    return _WORD.sub(_place_tone, _compose(token.translate(_MEND_LETTERS)))


@lru_cache(_CACHE_SIZE)
def _folded_token(token: str) -> str:
    if token.isascii():
        return token.lower()
    plain = unicodedata.normalize("NFD", token.translate(_MEND_LETTERS).lower())
    letters = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", letters.replace("đ", "d"))


@lru_cache(_CACHE_SIZE)
def _folded_name_token(token: str) -> str:
    return _WORD.sub(_merge_lone_y, _folded_token(token))


@lru_cache(_CACHE_SIZE)
def _token_syllables(token: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(_normal_token(token).lower()))


def _merge_lone_y(word: re.Match[str]) -> str:
    parts = _LONE_Y.fullmatch(word[0])
    return f"{parts[1]}i{parts[2]}" if parts else word[0]


def _compose(token: str) -> str:
    """Return `token` in NFC, with a tone mark that was typed before its circumflex, breve or horn put after it."""
    apart = unicodedata.normalize("NFD", token)
    ordered = _MARK_RUN.sub(lambda run: "".join(sorted(run[0], key=lambda mark: mark not in _LETTER_MARKS)), apart)
    return unicodedata.normalize("NFC", ordered)


def _place_tone(word: re.Match[str]) -> str:
    """Return the word with its tone on the right letter, or unchanged if it is no syllable with exactly one tone."""
    tones = [_TONE_OF_LETTER[letter] for letter in word[0] if letter in _TONE_OF_LETTER]
    if len(tones) != 1:
        return word[0]
    plain = word[0].translate(_WITHOUT_TONE)
    parts = _SYLLABLE.fullmatch(plain)
    if parts is None:
        return word[0]
    place = parts.start(2) + _tone_index(parts[2].lower(), has_coda=parts[3] is not None)
    # Ignoring case, the pattern takes a dotted İ or a Kelvin sign for i and k; they carry no tone.
    row = _ROW_OF_VOWEL.get(plain[place : place + 1])
    return word[0] if row is None else plain[:place] + row[tones[0]] + plain[place + 1 :]


def _tone_index(vowels: str, has_coda: bool) -> int:
    """Return which of one to three vowels carries the tone, in the older style (hòa, not hoà)."""
    marked = [index for index, vowel in enumerate(vowels) if vowel in _MARKED_VOWELS]
    if marked:
        return marked[-1]
    if has_coda:
        return len(vowels) - 1
    return 1 if len(vowels) == 3 else 0
