"""Values that live shortly, sealed under the installation's `TMP` key. Source: docs/formats.md, section 7."""

from __future__ import annotations

from security.sealing import lp, open_box, seal_box


class TransientSealer:
    """Seals and opens values that are kept for minutes or days, each bound to its place."""

    def __init__(self, temporary_key: bytes) -> None:
        """Keep the installation's `TMP` key, 32 bytes."""
        self._key = temporary_key

    def seal(self, label: str, *parts: bytes | str | int, plaintext: bytes) -> bytes:
        """Return a box; `label` such as `hoso/prefill/1` names the use, `parts` where the value belongs."""
        place = lp(label, *parts)
        return seal_box(self._key, place, place, plaintext)

    def open(self, label: str, *parts: bytes | str | int, box: bytes) -> bytes:
        """Return the plaintext of a box.

        Raises:
            EnvelopeError: it was sealed for another use or place, by another installation, or was changed.
        """
        place = lp(label, *parts)
        return open_box(self._key, place, place, box)
