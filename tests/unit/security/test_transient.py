"""Values that live shortly: sealed, and bound to their use and place."""

import pytest

from schemas.errors import EnvelopeError
from security.transient import TransientSealer

SEALER = TransientSealer(b"t" * 32)
BOX = SEALER.seal("hoso/prefill/1", "id", "client", b"person", plaintext=b"secret")


def test_what_was_sealed_opens_at_its_place():
    assert SEALER.open("hoso/prefill/1", "id", "client", b"person", box=BOX) == b"secret"


def test_no_two_boxes_of_one_value_are_alike():
    assert SEALER.seal("hoso/prefill/1", "id", "client", b"person", plaintext=b"secret") != BOX


@pytest.mark.parametrize(
    ("sealer", "place", "box"),
    [
        (TransientSealer(b"u" * 32), ("hoso/prefill/1", "id", "client", b"person"), BOX),
        (SEALER, ("hoso/cursor/1", "id", "client", b"person"), BOX),
        (SEALER, ("hoso/prefill/1", "id", "other", b"person"), BOX),
        (SEALER, ("hoso/prefill/1", "id", "clientperson"), BOX),
        (SEALER, ("hoso/prefill/1", "id", "client", b"person"), BOX[:-1]),
        (SEALER, ("hoso/prefill/1", "id", "client", b"person"), b""),
    ],
    ids=["other key", "other use", "other client", "joined parts", "cut off", "empty"],
)
def test_a_box_of_another_key_use_or_place_does_not_open(sealer, place, box):
    with pytest.raises(EnvelopeError):
        sealer.open(*place, box=box)
