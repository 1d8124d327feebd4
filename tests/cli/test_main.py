"""What all commands share: help, exit statuses, errors, signals."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from support.hoso_command import Hoso

from search_api.cli.main import app

COMING_LATER = ("rotate", "rebuild", "leakage", "report", "export")


def paths(group: typer.core.TyperGroup, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from paths(command, (*above, name))
        else:
            yield (*above, name)


COMMAND = typer.main.get_command(app)
assert isinstance(COMMAND, typer.core.TyperGroup)
PATHS = sorted(paths(COMMAND))


def test_the_commands_are_those_of_the_contract_that_work():
    assert {" ".join(path) for path in PATHS} == {
        "demo",
        "keys init",
        "keys status",
        "synth",
        "index procedures",
        "index dossiers",
        "index papers",
        "index agencies",
        "index status",
        "index verify",
        "index quarantine list",
        "index quarantine show",
        "serve",
        "token",
        "audit list",
        "audit verify",
        "audit checkpoint",
        "erase",
        "doctor",
    }


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]):
    shown = Hoso(None)(*path, "--help")
    assert shown.status == 0
    assert "Example: " in shown.out
    assert f"hoso {' '.join(path)}" in " ".join(shown.out.split("Example: ")[1].split())


@pytest.mark.parametrize("later", COMING_LATER)
def test_what_does_not_work_yet_is_not_listed(later: str):
    helps = [Hoso(None)(*group, "--help").out for group in ((), ("keys",), ("index",))]
    assert all(later not in shown for shown in helps)


def test_a_wrong_option_is_wrong_use():
    assert Hoso(None)("doctor", "--nothing").status == 2


def test_an_unknown_setting_is_wrong_use_and_named(tmp_path: Path):
    refused = Hoso(tmp_path, hom="x")("keys", "status")
    assert refused.status == 2
    assert "HOSO_HOM" in refused.err


def test_without_keys_nothing_starts_and_one_line_says_what_to_do(tmp_path: Path):
    refused = Hoso(tmp_path / "home")("index", "status")
    assert refused.status == 3
    assert refused.out == ""
    assert refused.err.count("\n") == 1
    assert "hoso keys init" in refused.err
    assert not (tmp_path / "home").exists()


def test_an_error_has_its_code_in_json(tmp_path: Path):
    refused = Hoso(tmp_path / "home")("index", "status", "--json")
    assert refused.status == 3
    assert refused.json["error"]["code"] == "source_unavailable"
    assert "hoso keys init" in refused.json["error"]["detail"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_its_number_and_says_that_it_can_be_run_again(tmp_path: Path, number: int):
    process = Hoso(tmp_path).start("synth", tmp_path / "world", "--citizens", "1000000")
    written = tmp_path / "world/dossiers.ndjson.tmp"
    # At work: a worker that is ended while Python starts in it says so in its own words.
    while not (written.exists() and written.stat().st_size):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert b"run the same command again" in err
    assert b"Traceback" not in err
    assert out == b""
    assert list((tmp_path / "world").iterdir()) == []


def test_a_reader_that_goes_away_is_no_error(hoso: Hoso):
    reader, writer = os.pipe()
    os.close(reader)
    process = hoso.start("keys", "status", "--json", out=writer)
    os.close(writer)
    _, err = process.communicate(timeout=30)
    assert err == b""


def test_the_same_seed_gives_the_same_files(tmp_path: Path):
    for name in ("one", "two"):
        made = Hoso(tmp_path)("synth", tmp_path / name, "--citizens", "150", "--seed", "9", "--json")
        assert made.status == 0
        assert made.json["citizens"] == 150
    for name in ("procedures", "dossiers", "papers"):
        first, second = (tmp_path / one / f"{name}.ndjson" for one in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
        assert json.loads(first.read_bytes().splitlines()[0])


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    refused = Hoso(tmp_path)("synth", tmp_path / "file", "--citizens", "10")
    assert refused.status == 3
    assert "cannot be written" in refused.err
