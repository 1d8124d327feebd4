"""Citizens whose every value is a canary: unique in the data, valid in shape, and looked for everywhere afterwards.

Rows are built field by field from the models themselves. A new field of `schemas/citizen.py`, `dossier.py` or
`paper.py` has no entry in `MAKERS` yet, so that building a row fails until it has one, or a reason in `FIXED`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from pydantic import BaseModel

from schemas.citizen import Address, Person, RolePerson
from schemas.dossier import Component, Dossier, Fee, Result, Supplement
from schemas.paper import RELATIVES, FileReference, Paper

SHORTEST_CHARS = 6
AGENCY = "H41.917.533.281"

# Sounds of the language in words that it does not have: folded, in capitals or taken apart they are others.
_ONSETS = ("Ngh", "Kh", "Tr", "Đ", "Th", "Ph", "Qu", "Ch", "Nh", "X", "Gi", "V")
_RHYMES = ("uyển", "oẵng", "ượm", "iềng", "ẩnh", "ờng", "uỵch", "oắt", "ễnh", "ộng", "ừng", "ằm")


class Fixed(NamedTuple):
    """A value that cannot be a canary, and why not."""

    value: Any
    reason: str


_ONE_DIGIT = "at most two digits"
_YES_OR_NO = "yes or no"
_CHOICE = "one of a few words that stand in the program"
_AGENCY = Fixed(AGENCY, "agencies are public bodies, registered in the vault; the engine must not have the code")

FIXED: dict[tuple[type[BaseModel], str], Fixed] = {
    (Person, "sex"): Fixed("female", _CHOICE),
    (Dossier, "agency"): _AGENCY,
    (Dossier, "channel"): Fixed(2, _ONE_DIGIT),
    (Dossier, "status"): Fixed(4, _ONE_DIGIT),
    (Dossier, "on_the_spot"): Fixed(True, _YES_OR_NO),
    (Result, "electronic"): Fixed(True, _YES_OR_NO),
    (Fee, "paid_online"): Fixed(True, _YES_OR_NO),
    (Component, "digitised"): Fixed(1, _ONE_DIGIT),
    (Paper, "issuer"): _AGENCY,
    (Paper, "assurance"): Fixed("issued_result", _CHOICE),
    (Paper, "permanent"): Fixed(False, _YES_OR_NO),
    (FileReference, "signed"): Fixed(True, _YES_OR_NO),
}


@dataclass
class Mint:
    """Makes canaries, each once, and remembers what to look for.

    Attributes:
        seed: whose canaries; another seed, other ones.
        needles: each text or number to look for, with the value of a row that it stands for.
    """

    seed: str
    needles: dict[str | int, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = Random(f"canaries/{self.seed}")

    @property
    def values(self) -> frozenset[str | int]:
        """All values, as the rows have them."""
        return frozenset(self.needles.values())

    # ---------------------------------------------------------------- shapes

    def text(self, words: int = 3) -> str:
        """Return some words: the text and each of its words is looked for."""
        made = [self._word() for _ in range(words)]
        text = " ".join(made)
        return self._keep(text, *dict.fromkeys((text, *made)))

    def name(self) -> str:
        """Return a name of three words."""
        return self.text(3)

    def citizen_id(self) -> str:
        """Return twelve digits of somebody born in Nghệ An."""
        return self._keep(f"0401{self._rng.randrange(10, 99)}{self._digits(6)}")

    def old_id(self) -> str:
        """Return nine digits."""
        return self._keep(f"18{self._digits(7)}")

    def passport(self) -> str:
        """Return a letter and eight digits."""
        return self._keep(f"C{self._digits(8)}")

    def phone(self) -> str:
        """Return a mobile number as clerks write it; its nine digits stand in every other form of it."""
        number = f"9{self._digits(8)}"
        written = f"0{number[:3]} {number[3:6]} {number[6:]}"
        return self._keep(written, written, number)

    def email(self) -> str:
        """Return an address for examples."""
        return self._keep(f"{self._letters(9).lower()}@{self._letters(9).lower()}.example.vn")

    def code(self) -> str:
        """Return letters and digits."""
        return self._keep(self._letters(12))

    def number(self) -> str:
        """Return a document's number."""
        return self._keep(f"{self._digits(4)}/2024/{self._letters(6)}")

    def dossier_code(self) -> str:
        """Return unit, day and counter."""
        return self._keep(f"H41.{self._letters(6)}-240307-{self._digits(6)}")

    def procedure_code(self) -> str:
        """Return the code of a procedure that no catalogue has."""
        return self._keep(f"9.{self._digits(6)}")

    def result_kind(self) -> str:
        """Return the code of a kind of result that no list has."""
        return self._keep(f"KQ.H41.{self._digits(6)}")

    def day(self, first: int, last: int) -> str:
        """Return a day of the years `first` to `last`, looked for in both orders."""
        year, month, day = self._rng.randint(first, last), self._rng.randint(1, 12), self._rng.randint(13, 28)
        written = f"{year}-{month:02}-{day:02}"
        if written in self.needles:
            return self.day(first, last)
        return self._keep(written, written, f"{day:02}/{month:02}/{year}")

    def time(self, year: int) -> str:
        """Return a moment; its minutes, seconds and microseconds are looked for: they outlive another time zone."""
        tail = f"{self._rng.randrange(10, 60)}:{self._rng.randrange(10, 60)}.{self._digits(6)}"
        return self._keep(f"{year}-03-07T{self._rng.randrange(10, 17)}:{tail}+07:00", tail)

    def big_number(self) -> int:
        """Return an integer of 13 digits."""
        value = self._rng.randrange(2**42, 9 * 10**12)
        assert value not in self.needles, "a canary is unique"
        self.needles[value] = value
        return value

    def digest(self) -> str:
        """Return 64 hex digits."""
        return self._keep(self._rng.randbytes(32).hex())

    def uri(self) -> str:
        """Return a reference into a repository."""
        return self._keep(f"kho://H41/2024/{self._letters(12)}.pdf")

    # ---------------------------------------------------------------- structures

    def answers(self) -> dict[str, Any]:
        """Return a form as filed: texts, numbers, lists, objects in objects; its keys are canaries too."""
        told = {
            self.text(1): self.text(),
            "so_tien": self.big_number(),
            "nhan_than": [self.text(), {"ten": self.name()}],
        }
        return {"loi_khai": self.text(6), self.text(1): told, "mother": {"ghi_chu": self.text(), "so": self.old_id()}}

    def paper_data(self) -> dict[str, Any]:
        """Return the own keys of a paper, with every relative and a relative's relative."""
        return {
            "so_quyen": self.code(),
            self.text(1): [self.text(), self.big_number()],
            **{role: {**person(self), "mother": {"full_name": self.name()}} for role in RELATIVES},
        }

    # ---------------------------------------------------------------- parts

    def _word(self) -> str:
        word = "".join(self._rng.choice(_ONSETS) + self._rng.choice(_RHYMES) for _ in range(3)).capitalize()
        return self._word() if word in self.needles else word

    def _letters(self, count: int) -> str:
        return "".join(self._rng.choices("BCDFGHJKLMNPQRSTVWXZ23456789", k=count))

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choices("123456789", k=count))

    def _keep(self, value: str, *needles: str) -> str:
        for needle in needles or (value,):
            assert needle not in self.needles, "a canary is unique"
            assert len(needle) >= SHORTEST_CHARS
            self.needles[needle] = value
        return value


Maker = Callable[[Mint], Any]

MAKERS: dict[tuple[type[BaseModel], str], Maker] = {
    (Address, "unit_code"): lambda mint: mint.code(),
    (Address, "text"): lambda mint: mint.text(5),
    (Person, "citizen_id"): Mint.citizen_id,
    (Person, "old_id"): Mint.old_id,
    (Person, "passport"): Mint.passport,
    (Person, "full_name"): Mint.name,
    (Person, "born_on"): lambda mint: mint.day(1931, 2003),
    (Person, "phone"): Mint.phone,
    (Person, "email"): Mint.email,
    (Person, "address"): lambda mint: build(Address, mint),
    (Person, "birthplace"): Mint.text,
    (Person, "hometown"): Mint.text,
    (Person, "nationality"): Mint.text,
    (Person, "occupation"): Mint.text,
    (Person, "marital_status"): Mint.text,
    (Person, "ethnicity"): Mint.text,
    (Person, "religion"): Mint.text,
    (RolePerson, "role"): lambda mint: mint.text(1),
    (Result, "code"): Mint.result_kind,
    (Result, "number"): Mint.number,
    (Result, "issued_on"): lambda mint: mint.day(1931, 2003),
    (Fee, "due"): Mint.big_number,
    (Fee, "paid"): Mint.big_number,
    (Supplement, "requested_at"): lambda mint: mint.time(2024),
    (Supplement, "reason"): lambda mint: mint.text(6),
    (Supplement, "answered_at"): lambda mint: mint.time(2024),
    (Component, "code"): Mint.code,
    (Component, "name"): Mint.text,
    (Component, "paper_id"): Mint.code,
    (Dossier, "code"): Mint.dossier_code,
    (Dossier, "procedure_code"): Mint.procedure_code,
    (Dossier, "version"): Mint.big_number,
    (Dossier, "applicant"): lambda mint: person(mint),
    (Dossier, "persons"): lambda mint: [
        build(RolePerson, mint),
        *(person(mint, role) for role in ("mother", "father")),
    ],
    (Dossier, "received_at"): lambda mint: mint.time(2024),
    (Dossier, "due_at"): lambda mint: mint.time(2025),
    (Dossier, "finished_at"): lambda mint: mint.time(2025),
    (Dossier, "returned_at"): lambda mint: mint.time(2025),
    (Dossier, "result"): lambda mint: build(Result, mint),
    (Dossier, "fee"): lambda mint: build(Fee, mint),
    (Dossier, "supplements"): lambda mint: [build(Supplement, mint), build(Supplement, mint)],
    (Dossier, "return_reason"): lambda mint: mint.text(6),
    (Dossier, "form"): Mint.answers,
    (Dossier, "components"): lambda mint: [build(Component, mint), build(Component, mint)],
    (FileReference, "uri"): Mint.uri,
    (FileReference, "sha256"): Mint.digest,
    (FileReference, "media_type"): Mint.text,
    (Paper, "id"): Mint.code,
    (Paper, "kind"): Mint.result_kind,
    (Paper, "version"): Mint.big_number,
    (Paper, "holders"): lambda mint: [person(mint), person(mint)],
    (Paper, "title"): Mint.text,
    (Paper, "number"): Mint.number,
    (Paper, "issued_on"): lambda mint: mint.day(1931, 2003),
    (Paper, "valid_until"): lambda mint: mint.day(2061, 2093),
    (Paper, "data"): Mint.paper_data,
    (Paper, "dossier_code"): Mint.dossier_code,
    (Paper, "file"): lambda mint: build(FileReference, mint),
    (Paper, "replaced_by"): Mint.code,
}


def build(model: type[BaseModel], mint: Mint) -> dict[str, Any]:
    """Return a row of `model` with every field; `KeyError` names a field that has neither canary nor reason."""
    return {name: _made(owner, name, mint) for owner, name in fields_of(model)}


def person(mint: Mint, role: str | None = None) -> dict[str, Any]:
    """Return a person with every field, under `role` if one is given."""
    return {**build(Person, mint), **({"role": role} if role else {})}


def newborn(mint: Mint) -> dict[str, Any]:
    """Return a child that has no number yet."""
    return {"role": "child", "full_name": mint.name(), "born_on": mint.day(2004, 2019), "birthplace": mint.text()}


def dossier(mint: Mint) -> dict[str, Any]:
    """Return the row of a dossier, with a key that no model knows."""
    return {**build(Dossier, mint), "khong_biet": mint.text(), mint.email(): mint.text()}


def paper(mint: Mint) -> dict[str, Any]:
    """Return the row of a paper, with a key that no model knows."""
    return {**build(Paper, mint), "khong_biet": mint.text()}


def fields_of(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield each field of a model with the class that names it first."""
    for name in model.model_fields:
        yield next(one for one in reversed(model.__mro__) if name in getattr(one, "model_fields", {})), name


def models_below(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and all that its fields hold."""
    found = {model}
    for one in model.model_fields.values():
        for held in _classes(one.annotation):
            found |= models_below(held)
    return found


def leaves(value: Any) -> Iterator[Any]:
    """Yield every value of a row, and every key that is not a plain name."""
    if isinstance(value, dict):
        for key, one in value.items():
            if not (key.isascii() and key.replace("_", "").isalnum()):
                yield key
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def _made(owner: type[BaseModel], name: str, mint: Mint) -> Any:
    fixed = FIXED.get((owner, name))
    return fixed.value if fixed else MAKERS[owner, name](mint)


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _classes(argument)
