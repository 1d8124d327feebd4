"""Raw Telex and VNI keys, as they appear when the input method was off, back to Vietnamese: ddawng kys, d9a8ng ky1.

One token is decoded as an input method would take its keys one by one. It is decoded only if nothing in the catalogue
is spelt like it and the outcome is a syllable that can exist, so a query typed plainly without accents is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from schemas.vietnamese import normalise

_TONE_MARKS = {"huyền": "\u0300", "sắc": "\u0301", "hỏi": "\u0309", "ngã": "\u0303", "nặng": "\u0323"}
_TELEX_TONES = {key: _TONE_MARKS[tone] for key, tone in zip("fsrxj", _TONE_MARKS, strict=True)}
_VNI_TONES = {key: _TONE_MARKS[tone] for key, tone in zip("21345", _TONE_MARKS, strict=True)}
_CIRCUMFLEX = {"a": "â", "e": "ê", "o": "ô"}
# Two letters take one horn together; otherwise the last letter that can take a mark does. "qua" has no horn.
_HORN_PAIRS = (("uo", "ươ"), ("ưo", "ươ"), ("uơ", "ươ"), ("uu", "ưu"))
_BREVE = {"a": "ă"}
_HORN = {"o": "ơ", "u": "ư"}

_VOWELS = frozenset("aăâeêioôơuưy")
_ONSETS = "ngh|ch|gh|gi|kh|ng|nh|ph|qu|th|tr|[bcdđghklmnpqrstvx]"
# Every rime of the language, without tones: by vowels, the codas each may have ("-" is none).
_CODAS_OF_VOWELS = {
    "a": "- c ch m n ng nh p t", "ai": "-", "ao": "-", "au": "-", "ay": "-", "ă": "c m n ng p t",
    "â": "c m n ng p t", "âu": "-", "ây": "-", "e": "- c m n ng p t", "eo": "-", "ê": "- ch m n nh p t", "êu": "-",
    "i": "- ch m n nh p t", "ia": "-", "iê": "c m n ng p t", "iêu": "-", "iu": "-",
    "o": "- c m n ng p t", "oa": "- c ch m n ng nh p t", "oai": "-", "oao": "-", "oay": "-", "oă": "c m n ng t",
    "oe": "- n t", "oeo": "-", "oi": "-", "oo": "c ng", "ô": "- c m n ng p t", "ôi": "-", "ơ": "- m n p t", "ơi": "-",
    "u": "- c m n ng p t", "ua": "-", "uâ": "n ng t", "uây": "-", "uê": "- ch nh", "ui": "-", "uô": "c m n ng t",
    "uôi": "-", "uơ": "-", "uy": "- ch n nh p t", "uya": "-", "uyê": "n t", "uyu": "-",
    "ư": "- c m n ng t", "ưa": "-", "ưi": "-", "ươ": "c m n ng p t", "ươi": "-", "ươu": "-", "ưu": "-",
    "y": "- ch nh t", "yê": "m n ng t", "yêu": "-",
}  # fmt: skip
_RIMES = frozenset(
    vowels + coda.strip("-") for vowels, codas in _CODAS_OF_VOWELS.items() for coda in codas.split()
)  # fmt: skip
_SYLLABLE = re.compile(f"({_ONSETS})?(.+)")
_STOP_CODA = re.compile(r"(?:ch|[cpt])$")
_STOP_TONES = frozenset((_TONE_MARKS["sắc"], _TONE_MARKS["nặng"]))

# Read as keys these would be syllables, but people type them as they stand: foreign words and abbreviations.
_NO_KEYS = frozenset(
    (
        "as",
        "bar",
        "bus",
        "gas",
        "gis",
        "iso",
        "las",
        "mas",
        "or",
        "pos",
        "sos",
        "tax",
        "taxi",
        "test",
        "tw",
        "visa",
        "vas",
    )
)
_LONE_LETTERS = frozenset(("ở", "ý"))
_TYPED = re.compile(r"[a-z][a-z0-9]{1,10}")

# What one key does to the letters so far; None: it is no key of the method here, so it stands for itself.
_Press = Callable[[str, str], str | None]


def decode(token: str, vocabulary: Set[str]) -> str | None:
    """Return the syllable whose Telex or VNI keys `token` is, or None if it is to be left as it is.

    Args:
        token: one run of letters and digits, any case: "ddawng", "kys", "d9a8ng", "ky1".
        vocabulary: the folded syllables of the catalogue; a token that is one of them is never decoded.
    """
    keys = token.lower()
    if keys in vocabulary or keys in _NO_KEYS or not _TYPED.fullmatch(keys):
        return None
    if any(map(str.isdigit, keys)):
        return _read(keys, _VNI_TONES, _press_vni)
    return _read(keys, _TELEX_TONES, _press_telex)


def is_syllable(letters: str, tone: str = "") -> bool:
    """Return whether Vietnamese can have this syllable.

    Args:
        letters: lower case, with vowel marks, without a tone.
        tone: a combining mark, or empty for the level tone. Syllables that end in c, ch, p, t have sắc or nặng.
    """
    parts = _SYLLABLE.fullmatch(letters)
    if parts is None or not _is_rime_after(parts[1] or "", parts[2]):
        return False
    return tone in _STOP_TONES or not _STOP_CODA.search(letters)


def _is_rime_after(onset: str, rime: str) -> bool:
    # In "gì", "gìn" and "giếng" the i is of the rime, in "già" it is not.
    return rime in _RIMES or (onset == "gi" and "i" + rime in _RIMES)


def _read(keys: str, tones: dict[str, str], press: _Press) -> str | None:
    letters, tone = "", ""
    for key in keys:
        if key in tones and not _VOWELS.isdisjoint(letters):
            if tone:
                return None
            tone = tones[key]
            continue
        pressed = press(letters, key)
        letters = letters + key if pressed is None else pressed
    if letters.endswith("ươ"):
        # Only before a coda do both letters take the horn: "thương", but "thuở".
        letters = letters[:-2] + "uơ"
    changed = tone != "" or letters != keys
    if not changed or not letters.isalpha() or not is_syllable(letters, tone):
        return None
    syllable = _with_tone(letters, tone)
    return syllable if len(syllable) > 1 or syllable in _LONE_LETTERS else None


def _with_tone(letters: str, tone: str) -> str:
    first_vowel = next(index for index, letter in enumerate(letters) if letter in _VOWELS)
    # On any vowel: normalising puts it where it belongs.
    return normalise(letters[: first_vowel + 1] + tone + letters[first_vowel + 1 :])


def _press_telex(letters: str, key: str) -> str | None:
    if key in _CIRCUMFLEX:
        return _marked(letters, {key: _CIRCUMFLEX[key]})
    if key == "d":
        return _barred(letters)
    if key != "w":
        return None
    if "ua" in letters and "qua" not in letters:
        return letters.replace("ua", "ưa")
    # A lone w after a consonant is the letter ư: "nhw" is "như".
    return _horned(letters, _BREVE | _HORN) or (letters + "ư" if letters and _VOWELS.isdisjoint(letters) else None)


def _press_vni(letters: str, key: str) -> str | None:
    if key == "6":
        return _marked(letters, _CIRCUMFLEX)
    if key == "7":
        return _horned(letters, _HORN)
    if key == "8":
        return _marked(letters, _BREVE)
    return _barred(letters) if key == "9" else None


def _barred(letters: str) -> str | None:
    return "đ" + letters[1:] if letters.startswith("d") else None


def _horned(letters: str, marks: dict[str, str]) -> str | None:
    for pair, marked in _HORN_PAIRS:
        if pair in letters and not letters.startswith("q"):
            return letters.replace(pair, marked)
    return _marked(letters, marks)


def _marked(letters: str, marks: dict[str, str]) -> str | None:
    """Return the letters with the last one that has a mark marked; None if there is none."""
    for index in range(len(letters) - 1, -1, -1):
        if letters[index] in marks:
            return letters[:index] + marks[letters[index]] + letters[index + 1 :]
    return None
