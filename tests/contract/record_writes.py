"""Small sealed records for the engines of `record_engines.py`: to write, to search, to tell apart."""

from __future__ import annotations

from indexer.engines.records import RecordWrite
from schemas.query import Scope

HERE, ELSEWHERE = b"scope-of-agency1", b"scope-of-agency2"
AT_HERE = Scope(frozenset({HERE}))
EVERYWHERE = Scope(frozenset({HERE, ELSEWHERE}))


def token(number):
    """Return a token; some have their highest bit set, as half of all real ones do."""
    return (number * 0x9E37_79B9_7F4A_7C15 % 2**64).to_bytes(8, "big")


def record_id(number):
    return number.to_bytes(16, "big")


def a_write(number, *tokens, scope=HERE, expected=0, collection="dossier", envelope=None):
    packed = b"".join(sorted(token(one) for one in tokens))
    sealed = envelope or b"envelope %d.%d" % (number, expected + 1)
    return RecordWrite(collection, record_id(number), scope, packed, sealed, expected, expected + 1)


def ids(candidates):
    return [int.from_bytes(one.record_id, "big") for one in candidates.items]


def put(engine, *writes):
    with engine.writing() as writer:
        return writer.put(writes)


def search(engine, query, scope=AT_HERE, limit=100, collection="dossier"):
    return ids(engine.search(collection, query, scope, limit))
