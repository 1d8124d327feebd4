"""An administrative procedure (thủ tục hành chính): one line to index, tolerant of what real catalogues hold.

Source: contract.md, section 2; docs/formats.md, section 5.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    model_validator,
)

from schemas.dossier import Channel, Dong
from schemas.errors import CanonicalFormError
from schemas.text import PartialDate

Visibility: TypeAlias = Literal["public", "internal", "draft"]

PUBLIC: Visibility = "public"
INTERNAL: Visibility = "internal"
# Everyone reads public procedures, officers internal ones too, editors drafts as well.
VISIBILITIES: tuple[Visibility, ...] = ("public", "internal", "draft")

MAX_NAME_CHARS = 4_000
_ID_HEX_DIGITS = 16
# No blank and no "/": a code stands in addresses. "h-" begins the ids of procedures without a code.
_CODE = re.compile(r"(?!h-)[^\W_][\w.\-]{0,63}")


def _composed(text: str) -> str:
    if "\0" in text:
        raise CanonicalFormError("nul_character", "a text may not contain the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        # JSON can name half of a surrogate pair, which no file can hold.
        raise CanonicalFormError("half_character", "a text may not contain half of a surrogate pair") from None
    return unicodedata.normalize("NFC", text)


def _one_line(text: str) -> str:
    return " ".join(_composed(text).split())


def _name(text: str) -> str:
    name = _one_line(text)
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise CanonicalFormError("name_length", f"expected a name of 1 to {MAX_NAME_CHARS} characters")
    return name


def _code(text: str) -> str | None:
    code = "".join(_composed(text).split())
    if code and not _CODE.fullmatch(code):
        raise CanonicalFormError("procedure_code_format", "expected a code of letters, digits, dots and dashes")
    return code or None


def _listed(value: object) -> object:
    """Return a lone text as a list of one, and a list without its nulls and empty texts."""
    if isinstance(value, str):
        value = [value]
    return [part for part in value if part not in (None, "")] if isinstance(value, list | tuple) else value


# Official wording is kept as published (NFC, white space squeezed): it is shown, and compared with other systems.
Text = Annotated[StrictStr, AfterValidator(_one_line)]
# Steps and conditions keep their lines.
Paragraphs = Annotated[StrictStr, AfterValidator(lambda text: _composed(text).strip())]
Name = Annotated[StrictStr, AfterValidator(_name)]
Code = Annotated[StrictStr, AfterValidator(_code)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    """What procedures are made of. A null means unknown, as an absent key does; keys that are not known are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value


class Document(_Part):
    """One paper to hand in: how many originals and copies, in which case, on which form."""

    name: Text = ""
    code: Text = ""
    originals: Count | None = None
    copies: Count | None = None
    case: Text = ""
    form: Text = ""
    required: StrictBool | None = None
    paper_kinds: Texts = ()


class LegalBasis(_Part):
    """One legal text that the procedure rests on."""

    title: Text = ""
    number: Text = ""


class Method(_Part):
    """One way to file: channel, time limit, fee and a note."""

    channel: Text = ""
    time: Text = ""
    fee: Text = ""
    note: Paragraphs = ""


class Case(_Part):
    """One case of a procedure that has papers of its own; documents name it by its code."""

    code: Text
    name: Text = ""


class FeeRate(_Part):
    """What filing through a channel (1 to 3) costs in dong, from when until when, and by which legal text."""

    channel: Channel
    amount: Dong
    unit: Text = ""
    valid_from: PartialDate | None = None
    valid_until: PartialDate | None = None
    basis: Text = ""
    note: Text = ""


def _parts_of(key: str) -> BeforeValidator:
    """Return the reader of a list whose parts may be plain texts: tables have no room for more."""

    def read(value: object) -> object:
        listed = _listed(value)
        if not isinstance(listed, list):
            return listed
        return [{key: part} if isinstance(part, str) else part for part in listed]

    return BeforeValidator(read)


class Procedure(_Part):
    """One procedure. Only `name` is required; an empty text or list means unknown, not "none"."""

    name: Name
    code: Code | None = None
    domain: Text = ""
    agency: Text = ""
    issuing_agency: Text = ""
    level: Texts = ()
    summary: Paragraphs = ""
    time_limit: Text = ""
    fee: Text = ""
    fees: tuple[FeeRate, ...] = ()
    cases: tuple[Case, ...] = ()
    documents: Annotated[tuple[Document, ...], _parts_of("name")] = ()
    steps: Paragraphs = ""
    legal_basis: Annotated[tuple[LegalBasis, ...], _parts_of("title")] = ()
    audience: Texts = ()
    result: Texts = ()
    result_kind: Text = ""
    conditions: Paragraphs = ""
    methods: Annotated[tuple[Method, ...], _parts_of("channel")] = ()
    procedure_type: Text = ""
    decision_no: Text = ""
    url: Text = ""
    life_events: Texts = ()
    keywords: Texts = ()
    former_names: Texts = ()
    name_alt: Text = ""
    same_name_codes: Texts = ()
    local_id: Text = ""
    on_the_spot: StrictBool | None = None
    online: Text = ""
    uses: Annotated[int, Field(ge=0, lt=2**53)] = 0
    visibility: Visibility = "public"
    valid_from: PartialDate | None = None
    valid_until: PartialDate | None = None
    completeness: Text = ""
    as_of: Text = ""
    source: Texts = ()

    @property
    def item_id(self) -> str:
        """What it is known by: its code, else `h-` and 16 hex digits of the hash of name, domain and agency."""
        if self.code:
            return self.code
        identity = canonical_json({"name": self.name, "domain": self.domain, "agency": self.agency})
        return f"h-{hashlib.sha256(identity).hexdigest()[:_ID_HEX_DIGITS]}"

    @property
    def content(self) -> dict[str, Any]:
        """The procedure as JSON values: only what is known, without the visibility."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"visibility"})

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it can be filed through, each once, in the order of the source."""
        return tuple(dict.fromkeys(method.channel for method in self.methods if method.channel))

    @property
    def other_names(self) -> tuple[str, ...]:
        """The names it had or has elsewhere."""
        return (*self.former_names, *filter(None, (self.name_alt,)))


def canonical_json(value: Any) -> bytes:
    """Return `value` as canonical JSON: UTF-8, keys in order, no blanks."""
    return msgspec.json.encode(value, order="sorted")


def unknown_keys(row: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of a row that no field has: they are ignored, and counted in the summary."""
    return frozenset(row.keys() - Procedure.model_fields.keys())
