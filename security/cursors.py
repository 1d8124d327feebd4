"""Page cursors: opaque to the client, bound to who asked and to what. Source: docs/formats.md, section 7."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from schemas.errors import EnvelopeError, ValidationFailedError
from security.sealing import lp, open_box, seal_box

_MAX_CURSOR_CHARS = 1_000


class Cursors:
    """Makes and reads cursors under the installation's `TMP` key."""

    def __init__(self, temporary_key: bytes) -> None:
        self._key = temporary_key

    def seal(self, actor: str, query: bytes, position: list[Any]) -> str:
        """Return the cursor for `position` in the results of `query` (any bytes that name it whole) for `actor`."""
        place = _place(actor, query)
        box = seal_box(self._key, place, place, msgspec.json.encode(position))
        return base64.urlsafe_b64encode(box).rstrip(b"=").decode()

    def open(self, actor: str, query: bytes, cursor: str) -> list[Any]:
        """Return the position that `seal` was given.

        Raises:
            ValidationFailedError: no cursor of ours, or one of another actor or query.
        """
        place = _place(actor, query)
        try:
            if len(cursor) > _MAX_CURSOR_CHARS:
                raise EnvelopeError("a cursor is too long")
            box = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            position: list[Any] = msgspec.json.decode(open_box(self._key, place, place, box), type=list[Any])
        except (EnvelopeError, binascii.Error, ValueError):
            raise ValidationFailedError("the cursor does not belong to this query", pointer="/cursor") from None
        return position


def _place(actor: str, query: bytes) -> bytes:
    return lp("hoso/cursor/1", actor, hashlib.sha256(query).digest())
