"""Procedures at rest: sealed card and body, bound to their place and visibility, and blinded index terms.

An engine holds neither a word of a procedure nor a row that it could change unnoticed. Source: docs/formats.md,
section 5.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from schemas.errors import EnvelopeError
from schemas.procedure import Visibility, canonical_json
from security.sealing import Mac, derive, lp, open_box, seal_box

ITEM_KEY_BYTES = 16
DIGEST_BYTES = 16
_TERM_BYTES = 8
# Level 1 packs within an eighth of level 6 in half its time: a whole catalogue is sealed at once.
_ZLIB_LEVEL = 1
# A line is at most 8 MiB; its canonical form is hardly longer. More is no procedure that this program sealed.
_MAX_PLAINTEXT_BYTES = 64 * 1024 * 1024

Part = Literal["card", "body"]


@dataclass(frozen=True, slots=True)
class StoredProcedure:
    """One procedure as an engine holds it.

    Attributes:
        key: 16 bytes, the keyed hash of the item id.
        visibility: who may read it; bound to card and body, so a changed one is found when they are opened.
        digest: 16 bytes, of the procedure's canonical content.
        card: what lists and rankings need, a box.
        body: the whole procedure, a box.
    """

    key: bytes
    visibility: Visibility
    digest: bytes
    card: bytes
    body: bytes


def content_digest(canonical: bytes) -> bytes:
    """Return the digest by which a changed procedure is told from an unchanged one."""
    return hashlib.sha256(canonical).digest()[:DIGEST_BYTES]


class CatalogueCipher:
    """Seals and opens procedures and blinds their terms, under one catalogue key.

    Leaks: an engine learns sizes, visibilities, which rows changed, and of public procedures how often each blinded
    term occurs. Who has the public catalogue can read most of those terms from their frequencies; of a restricted
    procedure there are none.
    """

    def __init__(self, catalogue_key: bytes, analysis_version: int) -> None:
        """Take the installation's `CAT` key and the version of the text analysis, under which terms are blinded."""
        self._key = catalogue_key
        self._item_key = Mac(catalogue_key)
        self._term = Mac(derive(catalogue_key, lp("hoso/term/1", analysis_version)))

    def item_key(self, item_id: str) -> bytes:
        """Return the 16 bytes under which an engine knows a procedure."""
        return self._item_key(lp("procedure", item_id))[:ITEM_KEY_BYTES]

    def blind(self, field: str, term: str) -> str:
        """Return the 16 hex digits that stand for `term` in `field`; the same word differs from field to field."""
        return self._term(lp(field, term))[:_TERM_BYTES].hex()

    def seal(self, item_id: str, visibility: Visibility, card: dict[str, Any], content: bytes) -> StoredProcedure:
        """Return the row of one procedure; `content` is its canonical JSON, `card` what lists show of it."""
        key, digest = self.item_key(item_id), content_digest(content)
        sealed = [
            self._seal(_place(key, "card", visibility, digest), canonical_json(card)),
            self._seal(_place(key, "body", visibility, digest), content),
        ]
        return StoredProcedure(key, visibility, digest, *sealed)

    def open_card(self, row: StoredProcedure) -> dict[str, Any]:
        """Return the card of a row.

        Raises:
            EnvelopeError: the card was changed, moved from another row, or sealed for another visibility.
        """
        return self._open(_place(row.key, "card", row.visibility, row.digest), row.card)

    def open_body(self, row: StoredProcedure) -> dict[str, Any]:
        """Return the whole procedure of a row.

        Raises:
            EnvelopeError: the body was changed, moved from another row, or sealed for another visibility.
        """
        return self._open(_place(row.key, "body", row.visibility, row.digest), row.body)

    def _seal(self, place: bytes, plaintext: bytes) -> bytes:
        return seal_box(self._key, place, place, zlib.compress(plaintext, _ZLIB_LEVEL))

    def _open(self, place: bytes, box: bytes) -> dict[str, Any]:
        packed = open_box(self._key, place, place, box)
        try:
            opened: dict[str, Any] = msgspec.json.decode(
                zlib.decompressobj().decompress(packed, _MAX_PLAINTEXT_BYTES), type=dict[str, Any]
            )
        except (zlib.error, msgspec.DecodeError) as wrong:
            raise EnvelopeError("a sealed procedure does not hold what it should") from wrong
        return opened


def _place(key: bytes, part: Part, visibility: Visibility, digest: bytes) -> bytes:
    return lp("hoso/procedure/1", key, part, visibility, digest)
