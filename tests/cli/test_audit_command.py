"""`hoso audit` and `hoso erase`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest
from support.hoso_command import Hoso

from indexer.erasure import ErasureParts, erase_person
from indexer.synthetic import Block
from schemas.settings import load_settings
from search_api.cli.erase import finish_erasures
from search_api.cli.installation import operator
from search_api.parts import open_parts


def change_log(hoso: Hoso, statement: str) -> None:
    assert hoso.home is not None
    connection = apsw.Connection(str(hoso.home / "vault.db"))
    with connection:
        connection.execute(statement)
    assert connection.changes() > 0
    connection.close()


def look(hoso: Hoso, times: int) -> None:
    """Make entries."""
    for _ in range(times):
        assert hoso("index", "quarantine", "list").status == 0


def test_entries_are_listed_oldest_first_the_newest_unless_told(hoso: Hoso):
    look(hoso, 4)
    newest = hoso("audit", "list", "--limit", "2", "--json").json
    assert newest["size"] == 4
    assert [entry["seq"] for entry in newest["entries"]] == [2, 3]
    behind = hoso("audit", "list", "--after", "0", "--limit", "2", "--json").json
    assert [entry["seq"] for entry in behind["entries"]] == [1, 2]
    shown = hoso("audit", "list")
    assert shown.out.count("quarantine.list") == 4


def test_a_whole_log_verifies(hoso: Hoso):
    look(hoso, 3)
    assert hoso("audit", "checkpoint").status == 0
    done = hoso("audit", "verify", "--json")
    assert done.status == 0
    assert (done.json["ok"], done.json["entries"], done.json["checkpoints"]) == (True, 3, 1)
    assert len(bytes.fromhex(done.json["public_key"])) == 32


def test_a_changed_entry_is_found_and_its_number_told(hoso: Hoso):
    look(hoso, 3)
    change_log(
        hoso, "update audit_entry set entry = cast(replace(entry, 'operator', 'nobodyat') as blob) where seq = 1"
    )
    done = hoso("audit", "verify")
    assert done.status == 1
    assert "from entry 1 on" in done.err


def test_a_log_that_was_cut_back_is_found_by_a_checkpoint_kept_elsewhere(hoso: Hoso, tmp_path: Path):
    look(hoso, 3)
    note = tmp_path / "note"
    note.write_text(hoso("audit", "checkpoint").out, encoding="utf-8")
    assert hoso("audit", "verify", "--checkpoint", note).status == 0
    for table, column in (("audit_subject", "seq"), ("audit_node", "place"), ("audit_entry", "seq")):
        assert hoso.home is not None
        connection = apsw.Connection(str(hoso.home / "vault.db"))
        connection.execute(f"delete from {table} where {column} >= 2")
        connection.close()
    change_log(hoso, "delete from checkpoint")
    assert hoso("audit", "verify", "--json").json["entries"] == 2
    assert hoso("audit", "verify", "--checkpoint", note).status == 1


def test_what_is_no_checkpoint_is_wrong_use(hoso: Hoso, tmp_path: Path):
    (tmp_path / "note").write_text("nothing")
    assert hoso("audit", "verify", "--checkpoint", tmp_path / "note").status == 2
    assert hoso("audit", "verify", "--checkpoint", tmp_path / "none").status == 2


def test_a_person_is_erased_by_the_number_on_standard_input(filled: Hoso, block: Block):
    number = next(one for one in block.dossiers if "citizen_id" in one["applicant"])["applicant"]["citizen_id"]
    done = filled("erase", stdin=f"{number}\n")
    assert done.status == 0
    assert done.out.count(".") == 2
    assert done.out.count("\n") == 1
    assert "keys destroyed" in done.err
    assert number not in done.out + done.err
    assert filled("index", "verify", "--sample", "0").status == 0
    again = filled("erase", "--json", stdin=f"{number}\n")
    assert again.status == 0
    assert again.json["receipt"].count(".") == 2


@pytest.mark.parametrize("typed", ["", "123\n", "khong phai so\n"])
def test_what_is_no_citizen_id_is_wrong_use_and_not_repeated(hoso: Hoso, typed: str):
    refused = hoso("erase", stdin=typed)
    assert refused.status == 2
    assert "digits" in refused.err
    assert "khong phai" not in refused.err


def test_a_start_goes_on_with_an_erasure_that_was_cut_off(
    filled: Hoso, block: Block, capsys: pytest.CaptureFixture[str]
):
    person = [one for one in block.dossiers if "citizen_id" in one["applicant"]][-1]["applicant"]["citizen_id"]

    def cut_off(step: str) -> None:
        if step == "linked":
            raise KeyboardInterrupt

    with closing(open_parts(load_settings(home=filled.home))) as parts:
        working = ErasureParts(parts.keys, parts.vault, parts.records, parts.audit_log)
        request = operator()
        with pytest.raises(KeyboardInterrupt):
            erase_person(person, working, request.actor, request.trace, cut_off)
        assert parts.vault.erasures.unfinished()
        finish_erasures(parts)
        assert parts.vault.erasures.unfinished() == []
    assert "keys destroyed" in capsys.readouterr().err
