"""Cursors: where a page ended, sealed, so that a client can neither read nor make one."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from pydantic import BaseModel

from schemas.errors import EnvelopeError, ValidationFailedError
from security.sealing import lp, open_box, seal_box


class Cursors:
    """Makes and opens cursors, bound to who asked and what was asked."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, position: int, actor: str, asked: BaseModel) -> str:
        """Return the cursor of the page that starts at `position`."""
        place = _place(actor, asked)
        return urlsafe_b64encode(seal_box(self._key, place, place, str(position).encode())).decode().rstrip("=")

    def open(self, cursor: str | None, actor: str, asked: BaseModel) -> int:
        """Return where the page starts; 0 without a cursor.

        Raises:
            ValidationFailedError: not a cursor, or one of another search or another person.
        """
        if cursor is None:
            return 0
        place = _place(actor, asked)
        try:
            box = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            return int(open_box(self._key, place, place, box))
        except (ValueError, EnvelopeError):
            raise ValidationFailedError(
                "the cursor belongs to another search: start again without it", pointer="/cursor"
            ) from None


def _place(actor: str, asked: BaseModel) -> bytes:
    return lp("hoso/cursor/1", actor, asked.model_dump_json(exclude={"cursor", "limit"}))
