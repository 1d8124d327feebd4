"""The opaque `hoso.subject` of a citizen's token: the number, sealed, so that only this installation can read it."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from schemas.errors import EnvelopeError, NotPermittedError
from security.transient import TransientSealer

_LABEL = "hoso/citizen-subject/1"


class CitizenSubjects:
    """Makes and reads opaque subjects."""

    def __init__(self, sealer: TransientSealer) -> None:
        self._sealer = sealer

    def make(self, citizen_id: str) -> str:
        """Return the subject that stands for a canonical citizen id; another one each time."""
        return urlsafe_b64encode(self._sealer.seal(_LABEL, plaintext=citizen_id.encode())).rstrip(b"=").decode()

    def citizen_id(self, subject: str | None) -> str:
        """Return the citizen id behind a subject.

        Raises:
            NotPermittedError: none, or not one of this installation's.
        """
        try:
            box = urlsafe_b64decode((subject or "") + "=" * (-len(subject or "") % 4))
            return self._sealer.open(_LABEL, box=box).decode()
        except (EnvelopeError, binascii.Error, ValueError):
            raise NotPermittedError("the token names no citizen that this installation knows") from None
