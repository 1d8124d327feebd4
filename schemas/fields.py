"""THE field table: for each field of a person its class, and the kinds of search tokens with their lanes.

A field without a row here is not shown to anybody and yields no token. Source: design, sections 4.3 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

FieldClass = Literal["basic", "contact", "identity", "family", "sensitive"]
FIELD_CLASSES: tuple[FieldClass, ...] = get_args(FieldClass)

Mask = Literal["name", "number", "year", "hide"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a person: what class it has, how a mask shows it, which token kinds its value takes part in."""

    name: str
    field_class: FieldClass
    mask: Mask
    token_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenKind:
    """One kind of search token.

    Attributes:
        name: as it stands in key derivation; a renamed kind is another kind.
        lanes: how many tokens one value is spread over, a power of two; 1 where values hardly repeat.
        parts: what the canonical parts are, in order, for people who read the table.
    """

    name: str
    lanes: int
    parts: str


def _table(*fields: Field) -> Mapping[str, Field]:
    return MappingProxyType({field.name: field for field in fields})


def _kinds(*kinds: TokenKind) -> Mapping[str, TokenKind]:
    return MappingProxyType({kind.name: kind for kind in kinds})


_NAME_KINDS = (
    "name_year",
    "name",
    "name_ends_year",
    "name_deletion_year",
    "name_phonetic_year",
    "name_day",
    "name_sorted_year",
    "name_ward",
)

FIELDS: Mapping[str, Field] = _table(
    Field("full_name", "basic", "name", (*_NAME_KINDS, "phone_tail", "id_tail")),
    Field("born_on", "basic", "year", ("name_year", "name_ends_year", "name_day", "id_tail")),
    Field("sex", "basic", "hide"),
    Field("nationality", "basic", "hide"),
    Field("citizen_id", "identity", "number", ("subject", "id_tail")),
    Field("old_id", "identity", "number", ("subject", "old_id")),
    Field("passport", "identity", "number", ("subject",)),
    Field("birthplace", "identity", "hide"),
    Field("hometown", "identity", "hide"),
    Field("phone", "contact", "number", ("phone", "phone_tail")),
    Field("email", "contact", "hide"),
    Field("address", "contact", "hide", ("name_ward",)),
    Field("marital_status", "family", "hide"),
    Field("occupation", "contact", "hide"),
    Field("ethnicity", "sensitive", "hide"),
    Field("religion", "sensitive", "hide"),
)

# Lanes: 32 where one value may stand in dozens of records, 16 where a family shares it, 1 where the compound hardly
# repeats (full name with birth year: largest share 0.009 %). Names alone repeat most (0.3 %): 32 lanes.
TOKEN_KINDS: Mapping[str, TokenKind] = _kinds(
    TokenKind("subject", 32, "subject or role reference"),
    TokenKind("old_id", 32, "reference of a 9-digit number, declared or proven"),
    TokenKind("dossier_code", 1, "dossier code"),
    TokenKind("paper_dossier", 1, "dossier code that a paper came from"),
    TokenKind("document_number", 16, "number"),
    TokenKind("document_kind_number", 1, "kind, number"),
    TokenKind("phone", 16, "E.164 number"),
    TokenKind("phone_tail", 1, "last six digits, given name"),
    TokenKind("id_tail", 1, "last four digits, given name, birth year"),
    TokenKind("name", 32, "folded full name"),
    TokenKind("name_year", 1, "folded full name, birth year"),
    TokenKind("name_ends_year", 1, "surname, given name, birth year"),
    TokenKind("name_deletion_year", 1, "folded full name less one syllable, birth year"),
    TokenKind("name_phonetic_year", 1, "phonetic key of the full name, birth year"),
    TokenKind("name_day", 1, "folded full name, day and month of birth"),
    TokenKind("name_sorted_year", 1, "sorted syllables of the full name, birth year"),
    TokenKind("name_ward", 1, "folded full name, commune code"),
)
