"""Bad input: each fault is refused with a clear message that repeats no value, and the good rows go in."""

from __future__ import annotations

import gzip
import json
import shutil
import unicodedata

import pytest
from support.home import Home
from support.rows import MOTHER_ID, OLD_ID, make_dossier, make_paper, make_person, to_bytes

from indexer.engines.embedded.record_versions import EmbeddedRecords
from indexer.record_files import index_file
from indexer.sources.lines import MAX_LINE_BYTES
from indexer.sources.rows import SourceError
from schemas.errors import EnvelopeError, KeysError, StorageError
from security.vault.sqlite import SqliteVault

# Stands in every bad row, and in no message.
CANARY = "Đặng Thị Chim Yến"
# Makes the rows of one code what the test says of them: the first of each pair is good.
TWICE, NEWER, CONFLICT = "H41.14-231107-9001", "H41.14-231107-9002", "H41.14-231107-9003"


def bad(**changes):
    return make_dossier(**{"code": "H41.14-231107-8000", "applicant": make_person(full_name=CANARY), **changes})


def raw(text):
    return json.dumps(bad(), ensure_ascii=False).replace('"version": 1', text).encode()


def buyers(count, name):
    return [make_person(role="buyer", citizen_id=f"0400870{at:05d}", full_name=name(at)) for at in range(count)]


def long_name(at):
    return " ".join("abcdeghiklmnop"[at:] + "qrstuvxy"[: at + 8])


REFUSED = {
    "broken JSON": (raw('"version": 1,')[:-1], "not_json", ""),
    "half a line": (raw('"version": 1')[:60], "not_json", ""),
    "a text in place of an object": (json.dumps(CANARY).encode(), "not_an_object", ""),
    "a list": (b"[" + raw('"version": 1') + b"]", "not_an_object", ""),
    "NaN": (raw('"version": 1, "form": {"a": NaN}'), "not_json", ""),
    "the same key twice": (raw('"version": 1, "version": 2'), "duplicate_key", ""),
    "a bare NUL": (raw('"version": 1, "form": {"a": "\0"}'), "nul_character", ""),
    "NUL as an escape": (raw('"version": 1, "form": {"a": "\\u0000"}'), "nul_character", ""),
    "half a character": (raw('"version": 1, "form": {"a": "\\ud83d"}'), "not_utf8", ""),
    "not UTF-8": (raw('"version": 1').decode().encode("cp1258", "replace") + b"\xff", "not_utf8", ""),
    "UTF-16": (json.dumps(bad()).encode("utf-16-le"), "nul_character", ""),
    "a line of 10 MiB": (raw('"version": 1, "form": {"a": "' + "x" * 10 * 2**20 + '"}'), "line_too_long", ""),
    "a text too long": (bad(return_reason="x" * 20_001), "text_too_long", "/return_reason"),
    "a version as text": (bad(version="1"), "int_type", "/version"),
    "a status that is none": (bad(status=11), "less_than_equal", "/status"),
    "a time as a number": (bad(received_at=1699318800), "not_a_time", "/received_at"),
    "a time as digits": (bad(received_at="20231107"), "not_a_time", "/received_at"),
    "a list as a person": (bad(applicant=[CANARY]), "model_type", "/applicant"),
    "a number as a citizen id": (bad(applicant={"citizen_id": 40187000123}), "string_type", "/applicant/citizen_id"),
    "a citizen id of 11 digits": (
        bad(applicant=make_person(citizen_id=MOTHER_ID[1:])),
        "citizen_id_length",
        "/applicant/citizen_id",
    ),
    "30 February": (bad(applicant=make_person(born_on="30/02/1987")), "date_impossible", "/applicant/born_on"),
    "month and day changed round": (
        bad(applicant=make_person(born_on="05/31/1987")),
        "date_impossible",
        "/applicant/born_on",
    ),
    "finished before received": (bad(finished_at="2023-11-06T08:00:00+07:00"), "finished_before_received", ""),
    "no code": (bad(code=None), "missing", "/code"),
    "a code that is none": (bad(code=CANARY), "dossier_code_format", "/code"),
    "a number of 31 digits": (bad(form={"a": 10**30}), "number_too_large", "/form"),
    "a number beyond all": (raw('"version": 1, "form": {"a": 1e999}'), "number_too_large", "/form"),
    "objects 200 deep": (raw('"version": 1, "form": ' + '{"a":' * 200 + "1" + "}" * 200), "nested_too_deep", "/form"),
    "objects 100,000 deep": (raw('"version": 1, "form": ' + '{"a":' * 100_000 + "1" + "}" * 100_000), "not_json", ""),
    "an agency that is none": (bad(agency=CANARY), "agency_code_format", "/agency"),
    "one number, two names": (bad(persons=[make_person(role="father")]), "one_number_two_names", "/persons/0"),
    "more than 16 sections": (
        bad(applicant=make_person(), persons=buyers(16, lambda _: CANARY)),
        "record_too_large",
        "",
    ),
    "more tokens than the largest class": (
        bad(applicant=make_person(), persons=buyers(12, long_name)),
        "record_too_large",
        "",
    ),
    "a second dossier of one code": (
        make_dossier(code=CONFLICT, applicant=make_person(full_name=CANARY)),
        "conflict",
        "/version",
    ),
    "exchange names against ours": (
        bad(MaHoSo="H41.14-231107-8000", ChuHoSo=CANARY, applicant=CANARY),
        "exchange_mixed",
        "/applicant",
    ),
}

ACCEPTED = {
    "an unknown procedure": make_dossier(code="H41.14-231107-7001", procedure_code="9.999999"),
    "decomposed letters": json.loads(
        unicodedata.normalize("NFD", json.dumps(make_dossier(code="H41.14-231107-7002"), ensure_ascii=False))
    ),
    "keys that nobody knows": make_dossier(code="H41.14-231107-7003", clerk=CANARY),
    "CRLF": json.dumps(make_dossier(code="H41.14-231107-7004")).encode() + b"\r",
    "blanks around": b"  \t" + json.dumps(make_dossier(code="H41.14-231107-7005")).encode() + b"  ",
    "a line of nearly 8 MiB": json.dumps(make_dossier(code="H41.14-231107-7006"))[:-1].encode()
    + b', "clerk": "'
    + b"x" * (MAX_LINE_BYTES - 2000)
    + b'"}',
    "the old spelling of a commune": make_dossier(code="H41.14-231107-7007", agency="H41.999"),
}
GOOD = [make_dossier(code=f"H41.14-231107-{number:04d}") for number in range(1, len(REFUSED) + 1)]
PAIRS = [
    make_dossier(code=TWICE),
    make_dossier(code=TWICE),
    make_dossier(code=NEWER, version=2),
    make_dossier(code=NEWER, version=1, status=3),
    make_dossier(code=CONFLICT),
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Index one file in which bad rows stand between good ones; return the home, the summary and the refusals."""
    folder = tmp_path_factory.mktemp("bad")
    rows = [*PAIRS, *(row for pair in zip(GOOD, (one for one, _, _ in REFUSED.values()), strict=True) for row in pair)]
    source = folder / "in.ndjson"
    # With a byte order mark, as some programs begin.
    source.write_bytes(b"\xef\xbb\xbf" + to_bytes([*rows, *ACCEPTED.values()]))
    home = Home.at(folder / "home")
    summary = home.index("dossiers", source)
    yield home, summary, {line.number: (line, result) for line, result in home.refused}
    home.close()


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_row_is_refused_with_place_code_and_a_message_that_repeats_no_value(outcome, name):
    _, _, refused = outcome
    number = len(PAIRS) + 2 * list(REFUSED).index(name) + 2
    line, result = refused[number]
    _, code, pointer = REFUSED[name]
    assert (result.error.code, result.error.pointer) == (code, pointer)
    assert (result.line, result.offset) == (number, line.offset)
    message = str(result.error)
    assert len(message) > 10
    for value in (CANARY, MOTHER_ID, MOTHER_ID[1:], "30/02/1987", "Chim"):
        assert value not in message + result.error.pointer


def test_every_good_row_is_in(outcome):
    home, summary, refused = outcome
    codes = [row["code"] for row in GOOD] + [TWICE, NEWER, CONFLICT]
    accepted = [f"H41.14-231107-700{number}" for number in range(1, 8)]
    assert len(home.envelopes("dossier", *codes, *accepted)) == len(codes) + len(accepted)
    assert home.records.status().records["dossier"] == len(codes) + len(accepted)
    assert (summary.accepted, summary.refused) == (len(codes) + len(accepted), len(REFUSED))
    assert len(refused) == len(REFUSED)


def test_no_bad_row_is_in(outcome):
    home, _, _ = outcome
    assert home.envelopes("dossier", "H41.14-231107-8000") == {}
    assert home.find("name", "dang thi chim yen") == []


def test_a_duplicate_is_unchanged_and_an_older_version_stale(outcome):
    home, summary, _ = outcome
    assert (summary.unchanged, summary.stale) == (1, 1)
    assert home.opened("dossier", NEWER).header.source_version == 2


def test_of_two_dossiers_with_one_code_and_version_the_first_stays(outcome):
    home, _, _ = outcome
    assert home.opened("dossier", CONFLICT).in_role("applicant")["full_name"] == "Nguyễn Thị Hồng Nhung"


def test_an_unknown_procedure_is_accepted_with_a_warning(outcome):
    home, summary, _ = outcome
    assert summary.warnings == {"unknown_procedure": 1}
    assert home.opened("dossier", "H41.14-231107-7001").shared["procedure_code"] == "9.999999"


def test_decomposed_letters_are_stored_and_found_composed(outcome):
    home, _, _ = outcome
    assert home.opened("dossier", "H41.14-231107-7002").in_role("applicant")["full_name"] == "Nguyễn Thị Hồng Nhung"


def test_unknown_keys_are_counted_by_name(outcome):
    _, summary, _ = outcome
    assert summary.unknown_keys["clerk"] == 2


# ---------------------------------------------------------------- whole files


def test_an_empty_file_is_no_fault(home, tmp_path):
    (tmp_path / "empty").touch()
    assert home.index("dossiers", tmp_path / "empty").lines == 0
    (tmp_path / "blank").write_bytes(b"\xef\xbb\xbf\r\n\n  \n")
    assert home.index("dossiers", tmp_path / "blank").lines == 0


def test_of_a_gz_that_was_cut_off_the_rows_before_the_damage_go_in(home, tmp_path):
    rows = [make_dossier(code=f"H41.14-231107-{number:04d}", version=number * 7919) for number in range(1, 400)]
    source = tmp_path / "cut.gz"
    source.write_bytes(gzip.compress(to_bytes(rows))[:-1500])
    with pytest.raises(SourceError, match="cut off; fetch it again"):
        home.index("dossiers", source)
    assert 0 < home.records.status().records["dossier"] < 399


# ---------------------------------------------------------------- an old id that somebody else declares


def test_who_declares_somebody_elses_old_id_gains_nothing(home):
    owner = make_person(citizen_id=None, old_id=OLD_ID, full_name="Lê Văn Chủ", born_on="1960-01-01", sex="male")
    home.put(make_dossier(code="H41.14-100101-0001", applicant=owner))
    home.put(make_dossier(applicant=make_person(old_id=OLD_ID)))
    home.put_paper(make_paper(holders=[make_person(old_id=OLD_ID)], assurance="self_declared"))
    refs = home.refs()
    mine, theirs = refs.subject("citizen_id", MOTHER_ID), refs.subject("old_id", OLD_ID)
    assert home.vault.links.links_of("H41", [mine, theirs]) == []
    # By the person's own reference, which is what prefill and self-access search by, each finds only the own dossier.
    assert home.find("subject", theirs) == [refs.record("dossier", "H41.14-100101-0001")]
    assert home.find("subject", mine) == [refs.record("dossier", make_dossier()["code"])]
    assert mine not in home.opened("dossier", "H41.14-100101-0001").people


# ---------------------------------------------------------------- storage


class SmallDisk(EmbeddedRecords):
    """An index whose disk has room for some pages only."""

    pages = 120

    def build(self):
        build = super().build()
        build.connection.execute(f"pragma max_page_count = {self.pages}")
        return build


def test_a_full_disk_is_told_and_when_there_is_room_the_run_goes_on(home, tmp_path, monkeypatch):
    monkeypatch.setattr("indexer.record_files._BATCH_LINES", 50)
    monkeypatch.setattr("indexer.record_files._BUILD_CHECKPOINT_LINES", 100)
    rows = [make_dossier(code=f"H41.14-231107-{number:04d}") for number in range(1, 1001)]
    source = tmp_path / "in.ndjson"
    source.write_bytes(to_bytes(rows))
    roomy, home.records = home.records, SmallDisk(home.folder / "records")
    with pytest.raises(StorageError, match="the disk is full"):
        home.index("dossiers", source)
    before = len(home.audited)
    assert 1 < before < 11
    home.records = roomy
    assert home.index("dossiers", source).accepted == 1000
    # The checkpoints before the full disk were kept: only the one that failed, and those behind it, came again.
    assert len(home.audited) == 11
    assert home.records.status().records["dossier"] == 1000
    assert len(home.find("dossier_code", "H41.14-231107-0999")) == 1


def test_a_full_disk_of_the_vault_writes_nothing_and_can_be_mended(home):
    database = home.vault.keys._database
    [(pages,)] = database.read("PRAGMA page_count")
    database.read(f"PRAGMA max_page_count = {pages}")
    many = [make_dossier(code=f"H41.14-231107-{number:04d}") for number in range(1, 300)]
    with pytest.raises(StorageError, match="disk of the vault is full"):
        home.put(*many)
    assert home.records.status().records["dossier"] == 0
    database.read("PRAGMA max_page_count = 1000000")
    assert {result.status for result in home.put(*many)} == {"indexed"}


def _overwrite(home, code, envelope):
    record_id = home.refs().record("dossier", code)
    with home.records.writing() as writer:
        writer.connection.execute("update record set envelope = ? where record_id = ?", (envelope, record_id))


DAMAGES = {
    "one bit of the header": lambda envelope: envelope[:60] + bytes((envelope[60] ^ 1,)) + envelope[61:],
    "one bit of the counter": lambda envelope: envelope[:29] + bytes((envelope[29] ^ 1,)) + envelope[30:],
    "the number of slots": lambda envelope: envelope[:30] + b"\x05" + envelope[31:],
    "another epoch": lambda envelope: envelope[:21] + b"\x09" + envelope[22:],
    "another version": lambda envelope: b"\x02" + envelope[1:],
    "another domain": lambda envelope: envelope[:2] + b"X99" + envelope[5:],
    "letters that are none": lambda envelope: envelope[:2] + b"\xff\xff\xff" + envelope[5:],
    "cut off": lambda envelope: envelope[:100],
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_envelope_refuses_its_own_line_only(home, damage):
    other = "H41.14-231107-0002"
    home.put(make_dossier(), make_dossier(code=other))
    [envelope] = home.envelopes("dossier", make_dossier()["code"]).values()
    _overwrite(home, make_dossier()["code"], DAMAGES[damage](envelope))
    first, second = home.put(make_dossier(version=2), make_dossier(code=other, version=2))
    assert (first.status, first.error.code) == ("refused", "stored_record_damaged")
    assert second.status == "indexed"


def test_an_envelope_in_the_place_of_another_record_refuses_that_line(home):
    other = "H41.14-231107-0002"
    home.put(make_dossier(), make_dossier(code=other))
    [envelope] = home.envelopes("dossier", other).values()
    _overwrite(home, make_dossier()["code"], envelope)
    assert home.put(make_dossier())[0].error.code == "stored_record_damaged"
    with pytest.raises(EnvelopeError):
        home.opened("dossier", make_dossier()["code"])


def test_an_index_file_that_is_no_database_is_told(home):
    home.put(make_dossier())
    version = home.records.status().version
    home.records._live[1].close()
    for path in (home.folder / "records").glob(f"{version}.db*"):
        path.write_bytes(b"not a database " * 1000)
    with pytest.raises(StorageError, match="damaged"):
        Home.at(home.folder).put(make_dossier())


def test_a_vault_of_another_installation_is_refused(home, tmp_path):
    other = Home.at(tmp_path / "other")
    other.put(make_dossier())
    with pytest.raises(StorageError, match="another installation"):
        SqliteVault(other.folder / "vault.db", home.keys.installation)
    other.close()


def test_a_vault_with_the_keys_of_another_key_file_is_refused_before_anything_is_sealed(home, tmp_path):
    home.put(make_dossier())
    home.close()
    other = Home.at(tmp_path / "other")
    other.keys.ensure_domain("H41")
    other.close()
    # Somebody mended the refusal by writing the other installation's id into the key file.
    document = json.loads((home.folder / "keys.json").read_text())
    foreign = json.loads((other.folder / "keys.json").read_text())
    own = {(row["purpose"], row["domain"]): row for row in document["keys"]}
    assert own.keys() == {(row["purpose"], row["domain"]) for row in foreign["keys"]}
    shutil.copy(home.folder / "vault.db", other.folder / "vault.db")
    with pytest.raises(StorageError, match="another installation"):
        Home.at(other.folder)
    (home.folder / "keys.json").write_text(json.dumps({**document, "keys": foreign["keys"]}))
    with pytest.raises(KeysError):
        Home.at(home.folder)


def test_a_file_of_dossiers_in_a_run_of_papers_is_refused_row_by_row(home, tmp_path):
    source = tmp_path / "in.ndjson"
    source.write_bytes(to_bytes([make_dossier(), make_paper()]))
    summary = index_file("papers", source, home.parts(), lambda *_: None)
    assert (summary.accepted, summary.refused) == (1, 1)
    [(_, result)] = home.refused
    assert (result.error.code, result.error.pointer) == ("missing", "/id")
