"""Known answers made by `tests/vectors/make_audit.mjs`; the wrong ones are named after their fault."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from schemas.errors import ProofRejectedError
from security.audit.checkpoint import Checkpoint, open_checkpoint, public_key_of, sign_checkpoint
from security.audit.entry import AuditEntry, IngestBatch, entry_bytes, ingest_batch, ingest_leaf
from security.audit.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion

FILE = json.loads((Path(__file__).parents[2] / "vectors" / "audit.json").read_text())
PUBLIC_KEY = bytes.fromhex(FILE["public_key"])
ACCEPTED = [vector for vector in FILE["vectors"] if vector["expect"] == "accept"]
REJECTED = [vector for vector in FILE["vectors"] if vector["expect"] == "reject"]


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def check_entry(vector):
    given = {**vector["fields"], "batch": vector["fields"]["batch"] and IngestBatch(**vector["fields"]["batch"])}
    entry = AuditEntry(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
    raw = entry_bytes(entry, vector["seq"], datetime.fromisoformat(vector["at"]))
    assert raw == vector["bytes"].encode()
    assert leaf_hash(raw).hex() == vector["leaf"]


def check_batch(vector):
    records = [(bytes.fromhex(record), bytes.fromhex(digest)) for record, digest in vector["records"]]
    assert [ingest_leaf(*record).hex() for record in records] == vector["leaves"]
    assert ingest_batch(records) == IngestBatch(len(records), vector["root"])


def check_root(vector):
    assert root_of(unhex(vector["leaves"])).hex() == vector["root"]


def check_inclusion(vector):
    leaf, root = unhex([vector["leaf"], vector["root"]])
    verify_inclusion(leaf, vector["seq"], vector["size"], unhex(vector["proof"]), root)


def check_consistency(vector):
    old_root, new_root = unhex([vector["old_root"], vector["new_root"]])
    verify_consistency(vector["old"], vector["new"], old_root, new_root, unhex(vector["proof"]))


def check_checkpoint(vector):
    wanted = Checkpoint(FILE["installation"], vector["size"], bytes.fromhex(vector["root"]))
    assert open_checkpoint(vector["note"], PUBLIC_KEY) == wanted
    assert vector["note"].startswith(sign_checkpoint(wanted, bytes.fromhex(FILE["seed"])))


def check_log(vector):
    signed = open_checkpoint(vector["note"], PUBLIC_KEY)
    root = root_of(leaf_hash(entry.encode()) for entry in vector["entries"])
    verify_consistency(len(vector["entries"]), signed.size, root, signed.root, [])


CHECKS = {
    "entry": check_entry,
    "batch": check_batch,
    "root": check_root,
    "inclusion": check_inclusion,
    "consistency": check_consistency,
    "checkpoint": check_checkpoint,
    "log": check_log,
}


def test_every_vector_runs():
    assert public_key_of(bytes.fromhex(FILE["seed"])) == PUBLIC_KEY
    assert len({vector["id"] for vector in FILE["vectors"]}) == len(ACCEPTED) + len(REJECTED) == len(FILE["vectors"])
    assert {vector["kind"] for vector in FILE["vectors"]} == set(CHECKS)
    assert (len(ACCEPTED), len(REJECTED)) == (77, 26)


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector["id"])
def test_a_right_vector_is_accepted(vector):
    CHECKS[vector["kind"]](vector)


@pytest.mark.parametrize("vector", REJECTED, ids=lambda vector: vector["id"])
def test_a_wrong_vector_is_rejected(vector):
    with pytest.raises(ProofRejectedError):
        CHECKS[vector["kind"]](vector)
