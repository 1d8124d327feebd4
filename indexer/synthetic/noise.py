"""What clerks and citizens do to data when they type it: each habit a function, all rates in one table.

A habit gets a *filed person*, the dictionary that goes into a line, and the person it stands for; it changes the
dictionary in place, and leaves it as it is where the habit does not apply. Of the habits of one field at most one
strikes, so a rate is the share of filed persons who have that field and meet that habit.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

from indexer.synthetic.people import OLD_MOBILE_PREFIX, Person

Filed = dict[str, Any]
Habit = Callable[[Filed, Person], None]

_NEW_PLACEMENT = {
    "òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ",
    "òe": "oè", "óe": "oé", "ỏe": "oẻ", "õe": "oẽ", "ọe": "oẹ",
    "ùy": "uỳ", "úy": "uý", "ủy": "uỷ", "ũy": "uỹ", "ụy": "uỵ",
}  # fmt: skip
_NEW_PLACEMENT |= {old.capitalize(): new.capitalize() for old, new in _NEW_PLACEMENT.items()}
_OLD_PLACEMENT = re.compile(rf"({'|'.join(_NEW_PLACEMENT)})(?!\w)")

_ABBREVIATIONS = (
    ("thành phố ", "TP. "), ("thị xã ", "TX "), ("thị trấn ", "TT "), ("phường ", "P. "), ("huyện ", "H. "),
    ("tỉnh ", "T. "),
)  # fmt: skip
# Onsets that sound alike to many, and the two spellings of lone y: what a clerk hears is what is typed.
_CONFUSED = (
    ("Tr", "Ch"),
    ("Ch", "Tr"),
    ("S", "X"),
    ("X", "S"),
    ("Mỹ", "Mĩ"),
    ("Lý", "Lí"),
    ("Quý", "Quí"),
    ("D", "Gi"),
)


def without_accents(filed: Filed, _: Person) -> None:
    """Nguyễn Đức becomes Nguyen Duc."""
    plain = unicodedata.normalize("NFD", filed["full_name"])
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    filed["full_name"] = letters.replace("đ", "d").replace("Đ", "D")


def other_tone_placement(filed: Filed, _: Person) -> None:
    """Hòa becomes Hoà, Thủy becomes Thuỷ."""
    filed["full_name"] = _OLD_PLACEMENT.sub(lambda found: _NEW_PLACEMENT[found[1]], filed["full_name"])


def all_capitals(filed: Filed, _: Person) -> None:
    """NGUYỄN VĂN AN, as forms ask for."""
    filed["full_name"] = filed["full_name"].upper()


def extra_spaces(filed: Filed, _: Person) -> None:
    """Two blanks between the first syllables, one at the end."""
    filed["full_name"] = filed["full_name"].replace(" ", "  ", 1) + " "


def decomposed(filed: Filed, _: Person) -> None:
    """Letters and marks apart (NFD), as some telephones and document readers write them."""
    filed["full_name"] = unicodedata.normalize("NFD", filed["full_name"])


def confused_spelling(filed: Filed, _: Person) -> None:
    """One onset of middle or given name, or a lone y, written as it sounds: Sương becomes Xương."""
    surname, _blank, rest = filed["full_name"].partition(" ")
    syllables = rest.split(" ")
    for place in range(len(syllables) - 1, -1, -1):
        for heard, typed in _CONFUSED:
            if syllables[place].startswith(heard) and not syllables[place].startswith("Gi"):
                syllables[place] = typed + syllables[place][len(heard) :]
                filed["full_name"] = f"{surname} {' '.join(syllables)}"
                return


def date_with_slashes(filed: Filed, person: Person) -> None:
    """02/05/1987: no fault, but another format."""
    filed["born_on"] = f"{person.born_on:%d/%m/%Y}"


def swapped_day_and_month(filed: Filed, person: Person) -> None:
    """5 February becomes 2 May, where both numbers can be a month."""
    if person.born_on.day <= 12:
        filed["born_on"] = f"{person.born_on.year}-{person.born_on.day:02}-{person.born_on.month:02}"


def bare_birth_year(filed: Filed, person: Person) -> None:
    """Only the year, as on the first papers of the old."""
    filed["born_on"] = str(person.born_on.year)


def spaced_phone(filed: Filed, _: Person) -> None:
    """0912 345 678."""
    phone = filed["phone"]
    filed["phone"] = f"{phone[:4]} {phone[4:7]} {phone[7:]}"


def dotted_phone(filed: Filed, _: Person) -> None:
    """0912.345.678."""
    phone = filed["phone"]
    filed["phone"] = f"{phone[:4]}.{phone[4:7]}.{phone[7:]}"


def international_phone(filed: Filed, _: Person) -> None:
    """+84912345678."""
    filed["phone"] = f"+84{filed['phone'][1:]}"


def eleven_digit_phone(filed: Filed, _: Person) -> None:
    """The number as it was before November 2018, where it had eleven digits."""
    phone = filed["phone"]
    filed["phone"] = OLD_MOBILE_PREFIX.get(phone[:3], phone[:3]) + phone[3:]


def abbreviated_address(filed: Filed, _: Person) -> None:
    """TP. Vinh, P. Trường Vinh, H. Đô Lương."""
    text = filed["address"]["text"]
    for long, short in _ABBREVIATIONS:
        text = text.replace(long, short)
    filed["address"] = {**filed["address"], "text": text}


def old_id_instead(filed: Filed, person: Person) -> None:
    """The nine digits although the twelve are known."""
    if person.old_id and "citizen_id" in filed:
        del filed["citizen_id"]
        filed["old_id"] = person.old_id


def both_ids(filed: Filed, person: Person) -> None:
    """The nine digits beside the twelve: declared by hand, so it links nothing."""
    if person.old_id and "citizen_id" in filed:
        filed["old_id"] = person.old_id


@dataclass(frozen=True)
class Noise:
    """A habit, the field of a filed person it strikes, and the share of them it strikes."""

    field: str
    rate: float
    apply: Habit


# The rates are estimates from the wording of return notices and from published samples, to be mended when real
# dossiers can be counted; the tests hold the written files to them.
RATES: tuple[Noise, ...] = (
    Noise("full_name", 0.060, without_accents),
    Noise("full_name", 0.080, all_capitals),
    Noise("full_name", 0.050, other_tone_placement),
    Noise("full_name", 0.030, extra_spaces),
    Noise("full_name", 0.020, decomposed),
    Noise("full_name", 0.012, confused_spelling),
    Noise("born_on", 0.200, date_with_slashes),
    Noise("born_on", 0.030, bare_birth_year),
    Noise("born_on", 0.006, swapped_day_and_month),
    Noise("phone", 0.060, spaced_phone),
    Noise("phone", 0.040, dotted_phone),
    Noise("phone", 0.030, international_phone),
    Noise("phone", 0.020, eleven_digit_phone),
    Noise("address", 0.150, abbreviated_address),
    Noise("citizen_id", 0.040, old_id_instead),
    Noise("citizen_id", 0.060, both_ids),
)

# Clerks who make a paper from checked data err far less; what is left makes two papers of one person disagree.
PAPER_RATES: tuple[Noise, ...] = (
    Noise("full_name", 0.200, all_capitals),
    Noise("full_name", 0.030, other_tone_placement),
    Noise("full_name", 0.003, confused_spelling),
    Noise("born_on", 0.002, swapped_day_and_month),
)


class Typist:
    """Types people as clerks do, by one table of rates."""

    def __init__(self, rates: tuple[Noise, ...]) -> None:
        fields = dict.fromkeys(noise.field for noise in rates)
        self._by_field = [
            (
                name,
                list(accumulate(noise.rate for noise in rates if noise.field == name)),
                [noise.apply for noise in rates if noise.field == name],
            )
            for name in fields
        ]

    def type(self, filed: Filed, person: Person, rng: Random) -> None:
        """Let at most one habit of each field strike; takes one number from `rng` for each field of the table."""
        for name, bounds, habits in self._by_field:
            struck = bisect(bounds, rng.random())
            if struck < len(habits) and name in filed:
                habits[struck](filed, person)
