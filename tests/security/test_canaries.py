"""Canary citizens go through an installation; afterwards none of their values stands in any byte that it wrote."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import signal
import time
import zlib
from dataclasses import dataclass

import apsw
import numpy as np
import pytest
from canaries import AGENCY, FIXED, MAKERS, Mint, dossier, fields_of, leaves, models_below, paper
from leak_scan import SHORTEST_CHARS, Find, LeakScanner, encodings, spellings
from leak_trial import Installation, ProcessWatch, Trial
from plain_store import write_plain
from support.home import Home
from support.rows import make_dossier

from schemas.dossier import Dossier
from schemas.paper import Paper
from security.envelope import _DICTIONARY, _PREFIX

_WINDOW_BYTES = 8


def scanner_of(*mints: Mint) -> LeakScanner:
    return LeakScanner({needle for mint in mints for needle in mint.needles}, _DICTIONARY)


# ---------------------------------------------------------------- the citizens


def test_every_field_of_the_records_has_a_canary_or_a_reason_why_not():
    fields = {field for model in models_below(Dossier) | models_below(Paper) for field in fields_of(model)}
    assert MAKERS.keys() | FIXED.keys() == fields
    assert not MAKERS.keys() & FIXED.keys()


@pytest.mark.parametrize(("make", "model"), [(dossier, Dossier), (paper, Paper)])
def test_every_value_of_six_or_more_characters_is_a_canary_and_validates(make, model):
    mint = Mint("shape")
    row = make(mint)
    model.model_validate(row)
    fixed = {one.value for one in FIXED.values() if len(str(one.value)) >= SHORTEST_CHARS} | {"mother", "father"}
    told = [value for value in leaves(row) if len(str(value)) >= SHORTEST_CHARS and value not in fixed]
    assert set(told) <= mint.values
    assert len(told) == len(set(told)) > 60


# ---------------------------------------------------------------- the scanner


def test_the_scanner_finds_a_canary_in_every_spelling_and_encoding():
    mint = Mint("planted")
    for value in (mint.name(), mint.citizen_id(), mint.email(), mint.text(6)):
        scanner = LeakScanner([value])
        for spelling in spellings(value).values():
            for name, planted in encodings(spelling):
                assert scanner.scan_bytes(name, b"\x00\xffx" + planted + b"y\x00"), name


@pytest.mark.parametrize("before", [b"", b"a", b"ab"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_scanner_finds_a_canary_anywhere_in_base64(before, encode):
    value = Mint("base64").name()
    assert LeakScanner([value]).scan_bytes("", encode(before + value.encode() + b"behind"))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zlib.compress])
def test_the_scanner_finds_a_canary_in_compressed_content_cut_off_and_packed_again(pack):
    value = Mint("packed").text(12)
    packed = pack(b"before " * 1000 + value.encode() * 50 + bytes(10_000))
    around = b"\x78\x01\x1f\x8b" + pack(b"odd" + packed[:-6]) + b"behind"
    assert LeakScanner([value]).scan_bytes("", around)


def test_the_scanner_finds_numbers_names_of_files_and_what_the_end_of_a_page_cuts(tmp_path):
    mint = Mint("files")
    number, name, text = mint.big_number(), mint.code(), mint.text(700)
    (tmp_path / f"{name}.tmp").write_bytes(b"\0")
    connection = apsw.Connection(str(tmp_path / "some.db"))
    connection.execute("create table t (n, v)")
    connection.execute("insert into t values (?, ?)", (number, text))
    connection.close()
    found = {find.value for find in LeakScanner([number, name, text]).scan_folder(tmp_path)}
    assert found == {str(number), name, text}


def test_a_scan_of_a_plain_store_finds_every_canary(tmp_path):
    mint = Mint("plain")
    write_plain(tmp_path / "plain.db", [dossier(mint), dossier(mint)], [paper(mint)])
    found = {find.value for find in scanner_of(mint).scan_folder(tmp_path)}
    assert {value for needle, value in mint.needles.items() if str(needle) in found} == mint.values


# ---------------------------------------------------------------- the trial


@dataclass
class Outcome:
    """The trial, and what scans found on the way and at its end."""

    trial: Trial
    scanner: LeakScanner
    after_kill: list[Find]
    after_stop: list[Find]
    processes: set[bytes]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    with ProcessWatch() as processes:
        trial = Trial(tmp_path_factory.mktemp("canaries"))
        trial.index_files()
        with trial.installation.serving(end=signal.SIGKILL) as client:
            trial.ingest(client)
            trial.look_up(client)
            trial.provoke(client)
        scanner = scanner_of(trial.people, trial.asked)
        after_kill = trial.installation.scan(scanner)
        trial.installation.rotate_logs()
        with trial.installation.serving(end=signal.SIGTERM) as client:
            trial.look_up(client, again=True)
        after_stop = trial.installation.scan(scanner)
    return Outcome(trial, scanner, after_kill, after_stop, processes.seen)


def test_no_canary_stands_in_any_file_after_the_server_was_killed(outcome):
    assert outcome.after_kill == []


def test_no_canary_stands_in_any_file_after_a_restart_and_a_stop_or_in_rotated_logs(outcome):
    assert outcome.after_stop == []
    assert _count(outcome.trial.installation.home / "vault.db", "quarantine") > 100
    assert _count(outcome.trial.installation.home / "vault.db", "prefill") >= 2
    assert {path.suffix for path in outcome.trial.installation.logs.iterdir()} == {".gz", ".log"}


def test_no_canary_stands_in_a_problem_a_header_or_a_result_line(outcome):
    answers = outcome.trial.installation.answers
    assert sum(place.partition(" ")[2][:1] == "4" for place, _ in answers) > 500
    assert [find for place, content in answers for find in outcome.scanner.scan_bytes(place, content)] == []


def test_no_canary_stands_in_arguments_or_environment_of_a_process(outcome):
    assert any(b"serve" in seen for seen in outcome.processes)
    assert any(b"spawn" in seen for seen in outcome.processes)
    assert outcome.scanner.scan_bytes("/proc", b"\n".join(outcome.processes)) == []


def test_the_engine_does_not_know_the_code_of_an_agency(outcome):
    assert LeakScanner([AGENCY]).scan_folder(outcome.trial.installation.home / "records") == []


def test_no_eight_bytes_of_an_envelope_of_a_citizen_recur(outcome):
    envelopes = _stored_envelopes(outcome.trial.installation.home / "records")
    assert len(envelopes) >= len(outcome.trial.dossiers) + len(outcome.trial.papers)
    assert _recurring(envelopes) == 0


# ---------------------------------------------------------------- a kill


def test_a_first_build_that_was_killed_leaves_no_canary(tmp_path):
    mint = Mint("killed")
    installation = Installation(tmp_path)
    # One short line again and again: what is to be killed after its first checkpoint needs several of these.
    source = installation.source("all.ndjson", *(dossier(mint) for _ in range(3)), *[make_dossier()] * 24_000)
    with ProcessWatch() as processes:
        build = installation.start("index", "dossiers", source)
        records = installation.home / "records"
        while build.poll() is None and not _has_rows(records):
            time.sleep(0.05)
        build.kill()
        assert build.wait() == -signal.SIGKILL
    scanner = scanner_of(mint)
    assert (records / "building").exists()
    assert not (records / "published").exists()
    assert installation.scan(scanner) == []
    assert scanner.scan_bytes("/proc", b"\n".join(processes.seen)) == []


def _has_rows(records):
    files = list(records.glob("*.db"))
    if not files:
        return False
    try:
        return _count(files[0], "record") > 0
    except (apsw.SQLError, apsw.CantOpenError, apsw.BusyError):
        # It is being made at this moment.
        return False


def _count(database, table):
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    [(count,)] = connection.execute(f"select count(*) from {table}")
    connection.close()
    return count


# ---------------------------------------------------------------- envelopes


def test_no_eight_bytes_recur_between_successive_writes_of_one_record_and_records_of_one_person(tmp_path):
    home = Home.at(tmp_path)
    mint = Mint("envelopes")
    row = dossier(mint)
    envelopes = []
    for version in range(1, 9):
        again = {**dossier(mint), "applicant": row["applicant"]}
        assert [one.status for one in home.put({**row, "version": version}, again)] == ["indexed", "indexed"]
        envelopes += [envelope for code in (row["code"], again["code"]) for envelope in _envelopes_of(home, code)]
    home.close()
    assert len(set(envelopes)) == 16
    assert _recurring(envelopes) == 0


def test_what_recurs_in_plain_records_of_one_person_is_seen():
    row = dossier(Mint("recurring"))
    texts = [json.dumps({**row, "version": version}).encode() for version in (1, 2)]
    assert _recurring([bytes(_PREFIX.size) + text for text in texts]) > 1000


def _envelopes_of(home, code):
    return home.envelopes("dossier", code).values()


def _stored_envelopes(records):
    [file] = records.glob("*.db")
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    found = [row[0] for row in connection.execute("select envelope from record")]
    connection.close()
    return found


def _recurring(envelopes):
    """Return how many runs of eight bytes behind the clear prefix stand more than once in all envelopes."""
    bodies = [envelope[_PREFIX.size :] for envelope in envelopes]
    windows = [np.ndarray(len(body) - _WINDOW_BYTES + 1, "<u8", body, strides=(1,)) for body in bodies]
    every = np.concatenate(windows)
    return len(every) - len(np.unique(every))
