from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import StorageError, ValidationFailedError
from security.audit.entry import AuditEntry, IngestBatch, entry_bytes, ingest_batch, parse_entry

AT = datetime(2026, 11, 23, 1, 2, 3, 456_789, tzinfo=UTC)
REFERENCE = "ab" * 16


def an_entry(**changes):
    facts = {"actor": "a", "client": "c", "role": "officer", "action": "records.search", "purpose": "p"}
    return AuditEntry(**{**facts, "outcome": "allowed", "trace": "t", **changes})


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
references = st.binary(min_size=16, max_size=16).map(bytes.hex)
lists = st.lists(references, max_size=3).map(tuple)
entries = st.builds(
    AuditEntry,
    actor=texts,
    client=texts,
    role=texts,
    action=texts,
    purpose=texts,
    outcome=st.sampled_from(["allowed", "denied", "not_found"]),
    trace=texts,
    agency=st.none() | texts,
    case=st.none() | references,
    records=lists,
    opened=st.integers(min_value=0, max_value=200),
    subjects=lists,
    fields=st.lists(texts, max_size=2).map(tuple),
    batch=st.none() | st.builds(IngestBatch, st.integers(min_value=0, max_value=9999), references),
)


@given(entries, st.integers(min_value=0, max_value=2**53))
def test_an_entry_is_read_back_as_it_was_written(entry, seq):
    raw = entry_bytes(entry, seq, AT)
    logged = parse_entry(raw)
    assert (logged.seq, logged.entry, logged.raw) == (seq, entry, raw)
    assert logged.at == AT.replace(microsecond=456_000)


@given(entries)
def test_an_entry_is_canonical_json_with_sorted_keys_no_blanks_and_no_null_members(entry):
    raw = entry_bytes(entry, 7, AT).decode()
    values = json.loads(raw)
    assert None not in values.values()
    assert raw == json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_a_time_is_written_in_utc_with_milliseconds():
    hanoi = datetime(2026, 11, 23, 8, 2, 3, tzinfo=timezone(timedelta(hours=7)))
    assert json.loads(entry_bytes(an_entry(), 0, hanoi))["at"] == "2026-11-23T01:02:03.000Z"


@pytest.mark.parametrize(
    "changes",
    [
        {"subjects": ("Nguyễn Văn An",)},
        {"subjects": (REFERENCE.upper(),)},
        {"subjects": (REFERENCE[:-2],)},
        {"records": ("H41.14-231107-0001",)},
        {"case": "H41.14-231107-0001"},
        {"reason": "vì cần"},
    ],
)
def test_what_could_be_a_value_in_place_of_an_id_is_refused(changes):
    with pytest.raises(ValidationFailedError):
        an_entry(**changes)


def test_text_that_is_not_unicode_is_refused():
    entry = an_entry(actor="\ud800")
    with pytest.raises(ValidationFailedError):
        entry_bytes(entry, 0, AT)


GOOD = entry_bytes(an_entry(), 0, AT)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        GOOD[:-1],
        GOOD + b" ",
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"seq":0,', b""),
        GOOD.replace(b'"seq":0', b'"seq":0,"seq":0'),
        GOOD.replace(b'"allowed"', b'"perhaps"'),
        GOOD.replace(b'"actor":"a"', b'"actor":"a","added":1'),
        GOOD.replace(b".456Z", b".456+00:00"),
    ],
)
def test_bytes_that_are_not_an_entry_in_canonical_form_are_refused(raw):
    with pytest.raises(StorageError):
        parse_entry(raw)


def test_an_ingest_batch_commits_to_each_record_its_envelope_and_their_order():
    one, two = (bytes(16), bytes(32)), (bytes([1]) * 16, bytes(32))
    roots = {ingest_batch(batch).root for batch in ([one], [one, two], [two, one], [one, (two[0], bytes([2]) * 32)])}
    assert len(roots) == 4
    assert ingest_batch([one, two]).count == 2
