"""`hoso index verify`: what is whole, and each way in which an engine's files can lie."""

from __future__ import annotations

import apsw
import pytest
from support.hoso_command import Hoso, ndjson

from indexer.synthetic import Block


def tamper(hoso: Hoso, statement: str, file: str = "records/*.db") -> None:
    """Run one statement on an index file, as one could who holds its disk."""
    assert hoso.home is not None
    [path] = hoso.home.glob(file)
    connection = apsw.Connection(str(path))
    with connection:
        connection.execute(statement)
    assert connection.changes() > 0
    connection.close()


def codes(hoso: Hoso) -> set[str]:
    done = hoso("index", "verify", "--sample", "0", "--json")
    assert done.status == (1 if done.json["faults"] else 0)
    assert done.json["ok"] is (not done.json["faults"])
    return {fault["code"] for fault in done.json["faults"]}


def test_a_whole_index_is_counted_opened_and_confirmed_by_the_log(filled: Hoso, block: Block):
    done = filled("index", "verify", "--sample", "0", "--json")
    assert done.status == 0
    records = len(block.dossiers) + len(block.papers)
    assert done.json["counts"]["dossier"] == len(block.dossiers)
    assert done.json["counts"]["paper"] == len(block.papers)
    assert done.json["counts"]["procedure"] > 100
    assert (done.json["sampled"], done.json["confirmed"], done.json["committed"]) == (records, records, records)


def test_a_sample_opens_about_as_many_as_asked(filled: Hoso, block: Block):
    done = filled("index", "verify", "--sample", "20", "--json")
    assert done.status == 0
    assert 20 <= done.json["sampled"] <= 42
    assert done.json["counts"]["dossier"] == len(block.dossiers)


def test_an_empty_installation_is_whole(hoso: Hoso):
    assert hoso("index", "verify").status == 0


def test_an_update_is_no_fault_though_its_first_batch_is_not_found_again(filled: Hoso, block: Block):
    changed = {**block.dossiers[0], "version": block.dossiers[0]["version"] + 1}
    assert filled("index", "dossiers", "-", stdin=ndjson(changed)).status == 0
    assert codes(filled) == set()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("update record set envelope = zeroblob(1024) where row_id = 1", "envelope_not_opened"),
        (
            "update record set envelope = (select envelope from record where row_id = 2) where row_id = 1",
            "envelope_not_opened",
        ),
        ("update record set counter = counter + 1 where row_id = 1", "counter_differs"),
        ("update record set scope = zeroblob(16) where row_id = 1", "scope_differs"),
        ("update record_tokens set tokens = substr(tokens, 9) where row_id = 1", "tokens_damaged"),
        ("delete from posting where row_id = 1 and token = (select min(token) from posting where row_id = 1)",
         "postings_missing"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_records_is_found(filled: Hoso, statement: str, code: str):
    tamper(filled, statement)
    assert code in codes(filled)


def test_a_record_that_is_gone_leaves_its_batch_unconfirmed(filled: Hoso, block: Block):
    tamper(filled, "delete from record where row_id = 1")
    done = filled("index", "verify", "--sample", "0", "--json").json
    assert done["committed"] == len(block.dossiers) + len(block.papers)
    assert done["confirmed"] == len(block.papers)


def test_a_section_that_was_changed_is_found(filled: Hoso):
    # Behind prefix and header, within the first section.
    cut = "substr(envelope, 1, 500) || zeroblob(20) || substr(envelope, 521)"
    tamper(filled, f"update record set envelope = cast({cut} as blob) where row_id = 1")
    assert "section_not_opened" in codes(filled)


def test_a_record_that_nobody_logged_is_found(filled: Hoso, block: Block):
    tamper(filled, "delete from audit_entry where seq = (select max(seq) from audit_entry)", "vault.db")
    assert "not_committed" in codes(filled)


def test_a_procedure_that_was_changed_is_found(filled: Hoso):
    tamper(filled, "update procedure set body = zeroblob(100) where rowid = 1", "procedures/procedures.db")
    assert "envelope_not_opened" in codes(filled)


def test_terms_older_than_the_procedures_are_found(filled: Hoso):
    tamper(filled, "update meta set value = value + 1 where name = 'generation'", "procedures/procedures.db")
    assert codes(filled) == {"not_published"}
