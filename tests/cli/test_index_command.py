"""`hoso index`: files in, refused lines told and kept, damaged files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.hoso_command import Hoso, ndjson

from indexer.synthetic import Block

SECRET = "Nguyễn Văn Bí Mật"


@pytest.fixture
def bad_dossier(block: Block) -> dict[str, Any]:
    """A dossier whose name stands where a status should."""
    return {**block.dossiers[0], "code": "H41.14-231107-0001", "status": SECRET}


def test_a_file_is_counted_in_a_table_and_a_second_time_nothing_changes(hoso: Hoso, tmp_path: Path, block: Block):
    file = tmp_path / "dossiers.ndjson"
    file.write_bytes(ndjson(*block.dossiers))
    first = hoso("index", "dossiers", file)
    assert first.status == 0
    assert all(word in first.out for word in ("accepted", "unchanged", "stale", "refused", file.name))
    assert f"unknown_procedure {len(block.dossiers):,}" in first.out
    second = hoso("index", "dossiers", file, "--json")
    assert second.status == 0
    assert (second.json["accepted"], second.json["unchanged"]) == (0, len(block.dossiers))


def test_good_rows_go_in_and_a_refused_one_is_told_without_its_value(
    hoso: Hoso, block: Block, bad_dossier: dict[str, Any]
):
    lines = ndjson(block.dossiers[0], bad_dossier, b"{", block.dossiers[1])
    done = hoso("index", "dossiers", "-", "--json", stdin=lines)
    assert done.status == 1
    assert (done.json["accepted"], done.json["refused"]) == (2, 2)
    first, second = done.json["files"][0]["refused_lines"]
    assert (first["line"], first["offset"], first["pointer"]) == (2, len(ndjson(block.dossiers[0])), "/status")
    assert (second["line"], second["code"]) == (3, "not_json")
    assert "line 2" in done.err
    assert "/status" in done.err
    assert SECRET not in done.out + done.err
    assert json.dumps(SECRET).strip('"') not in done.out + done.err


def test_at_most_twenty_refused_lines_are_told_and_the_others_counted(hoso: Hoso):
    done = hoso("index", "procedures", "-", stdin=b"{\n" * 27)
    assert done.status == 1
    assert done.err.count("not_json") == 20
    assert "and 7 lines more" in done.err


def test_a_refused_line_can_be_looked_at_and_the_look_is_in_the_audit_log(hoso: Hoso, bad_dossier: dict[str, Any]):
    line = ndjson(bad_dossier)
    assert hoso("index", "dossiers", "-", stdin=line).status == 1
    [item] = hoso("index", "quarantine", "list", "--json").json["items"]
    assert (item["line"], item["pointer"], item["source"]) == (1, "/status", "dossiers")
    assert hoso("index", "quarantine", "show", item["id"]).out.encode() == line
    assert hoso("index", "quarantine", "show", item["id"], "--json").json["text"].encode() + b"\n" == line
    entries = hoso("audit", "list", "--json").json["entries"]
    looks = [entry["action"] for entry in entries]
    assert looks == ["quarantine.list", "quarantine.show", "quarantine.show"]
    assert {entry["role"] for entry in entries} == {"operator"}
    shown = hoso("index", "quarantine", "list")
    assert item["id"] in shown.out
    assert SECRET not in shown.out


def test_a_row_that_is_not_there_cannot_be_shown(hoso: Hoso):
    refused = hoso("index", "quarantine", "show", "0" * 32)
    assert refused.status == 3
    assert refused.out == ""


def test_of_a_file_that_was_cut_off_the_rows_before_the_damage_are_in(hoso: Hoso, tmp_path: Path, block: Block):
    file = tmp_path / "dossiers.ndjson.gz"
    file.write_bytes(gzip.compress(ndjson(*block.dossiers))[:-4000])
    done = hoso("index", "dossiers", file, "--json")
    assert done.status == 1
    assert done.json["files"][0]["error"]["code"] == "damaged"
    assert done.json["files"][0]["lines"] > 0
    assert "cut off" in done.err
    assert hoso("index", "status", "--json").json["records"]["dossier"] == done.json["files"][0]["lines"]


def test_of_a_damaged_file_of_procedures_the_counts_are_told(hoso: Hoso, tmp_path: Path):
    file = tmp_path / "procedures.ndjson.gz"
    rows = [{"code": f"1.{number:06}", "name": f"Thủ tục số {number}"} for number in range(3000)]
    file.write_bytes(gzip.compress(ndjson(*rows))[:-5])
    done = hoso("index", "procedures", file, "--json")
    assert done.status == 1
    assert done.json["accepted"] == done.json["files"][0]["lines"] > 0


def test_a_damaged_file_does_not_keep_the_next_one_out(hoso: Hoso, tmp_path: Path):
    damaged, good = tmp_path / "a.ndjson.gz", tmp_path / "b.ndjson"
    damaged.write_bytes(gzip.compress(b"{}\n" * 1000)[:20])
    good.write_bytes(ndjson({"code": "1.001193", "name": "Đăng ký khai sinh"}))
    done = hoso("index", "procedures", damaged, good)
    assert done.status == 1
    assert "damaged" in done.err or "cut off" in done.err
    assert hoso("index", "status", "--json").json["procedures"]["public"] == 1


def test_a_file_that_is_not_there_is_wrong_use_and_nothing_goes_in(hoso: Hoso, tmp_path: Path):
    good = tmp_path / "b.ndjson"
    good.write_bytes(ndjson({"code": "1.001193", "name": "Đăng ký khai sinh"}))
    refused = hoso("index", "procedures", good, tmp_path / "none.ndjson")
    assert refused.status == 2
    assert hoso("index", "status", "--json").json["procedures"]["public"] == 0


def test_procedures_come_from_tables_too_and_unknown_keys_are_counted(hoso: Hoso, tmp_path: Path):
    table = tmp_path / "procedures.csv"
    table.write_text("code,name,colour\n1.001193,Đăng ký khai sinh,red\n", encoding="utf-8")
    lines = tmp_path / "more.ndjson"
    lines.write_bytes(ndjson({"code": "1.000894", "name": "Đăng ký kết hôn", "visibility": "internal"}))
    done = hoso("index", "procedures", table, lines, "--json")
    assert done.status == 0
    assert done.json["accepted"] == 2
    assert done.json["unknown_keys"] == {"colour": 1}
    counts = hoso("index", "status", "--json").json["procedures"]
    assert (counts["public"], counts["internal"], counts["draft"]) == (1, 1, 0)


def test_agencies_go_in_and_the_token_of_an_officer_there_is_given_without_a_notice(hoso: Hoso):
    assert "No file has named the agency" in hoso("token", "officer", "--agency", "H99.01").err
    row = {"code": "H99.01", "name": "Sở Tư pháp", "domain": "H99", "color": "red"}
    wrong = [{"code": "H99.02"}, {"code": "H99.03", "name": "x", "domain": "h 99"}, {"name": "y"}]
    cycle = [{"code": "H98.01", "name": "a", "parent": "H98.02"}, {"code": "H98.02", "name": "b", "parent": "H98.01"}]
    done = hoso("index", "agencies", "-", "--json", stdin=ndjson(row, *wrong, *cycle))
    assert done.status == 1
    assert (done.json["accepted"], done.json["refused"]) == (2, 4)
    codes = {(one["line"], one["pointer"]) for one in done.json["files"][0]["refused_lines"]}
    assert codes == {(2, "/name"), (3, "/domain"), (4, "/code"), (6, "/parent")}
    assert done.json["unknown_keys"] == {"color": 1}
    assert hoso("token", "officer", "--agency", "H99.01").err == ""
    assert hoso("index", "agencies", "-", "--json", stdin=ndjson(row)).json["unchanged"] == 1


def test_papers_go_in(filled: Hoso, block: Block):
    facts = filled("index", "status", "--json").json
    assert facts["records"]["paper"] == len(block.papers)
    assert facts["records"]["dossier"] == len(block.dossiers)
    assert facts["last_ingest_at"] is not None
    shown = filled("index", "status")
    assert f"{len(block.dossiers):,}" in shown.out


def test_a_dossier_of_a_procedure_that_is_known_is_no_warning(filled: Hoso, block: Block):
    changed = {**block.dossiers[0], "version": block.dossiers[0]["version"] + 1}
    done = filled("index", "dossiers", "-", "--json", stdin=ndjson(changed))
    assert done.status == 0
    assert (done.json["accepted"], done.json["warnings"]) == (1, {})
