"""`hoso keys`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hoso_command import Hoso

PASSPHRASE = "mot hai ba bon nam"


@pytest.fixture
def sealed(tmp_path: Path) -> Hoso:
    """An installation whose key file is sealed by a passphrase file."""
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\nanother line\n")
    file.chmod(0o600)
    hoso = Hoso(tmp_path / "home", passphrase_file=file)
    assert hoso("keys", "init").status == 0
    return hoso


def test_without_passphrase_and_terminal_the_key_file_is_private_and_that_is_said(tmp_path: Path):
    hoso = Hoso(tmp_path / "home")
    made = hoso("keys", "init", "--json")
    assert made.status == 0
    assert made.json["protection"] == "none"
    assert made.json["mode"] == "0600"
    assert "Warning: the key file is not sealed" in made.err


def test_a_second_init_leaves_the_key_file_as_it_is(hoso: Hoso):
    assert hoso.home is not None
    before = (hoso.home / "keys.json").read_bytes()
    again = hoso("keys", "init")
    assert again.status == 3
    assert "there already" in again.err
    assert (hoso.home / "keys.json").read_bytes() == before


def test_the_first_line_of_the_passphrase_file_seals_the_key_file(sealed: Hoso):
    status = sealed("keys", "status", "--json")
    assert status.status == 0
    assert status.json["protection"] == "scrypt"


def test_keys_are_shown_by_name_and_state_and_never_themselves(sealed: Hoso):
    shown = sealed("keys", "status", "--json").json["keys"]
    assert {key["purpose"] for key in shown} == {"AUD", "CAT", "LOG", "RCP", "TMP", "TOK"}
    assert set(shown[0]) == {"purpose", "domain", "epoch", "state", "created_at"}


def test_a_sealed_key_file_without_the_passphrase_is_refused_and_says_what_to_set(sealed: Hoso):
    assert sealed.home is not None
    refused = Hoso(sealed.home).run("keys", "status")
    assert refused.status == 3
    assert "HOSO_PASSPHRASE_FILE" in refused.err
    assert "Traceback" not in refused.err


def test_another_passphrase_is_refused(sealed: Hoso, tmp_path: Path):
    other = tmp_path / "other"
    other.write_text("nam bon ba hai mot\n")
    other.chmod(0o600)
    refused = Hoso(sealed.home, passphrase_file=other)("keys", "status")
    assert refused.status == 3
    assert "does not open the key file" in refused.err


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        (PASSPHRASE, 0o644, "read by others"),
        ("\nsecond line\n", 0o600, "first line"),
        ("short\n", 0o600, "at least 12 characters"),
    ],
)
def test_a_passphrase_file_that_guards_nothing_is_refused(tmp_path: Path, text: str, mode: int, told: str):
    file = tmp_path / "passphrase"
    file.write_text(text)
    file.chmod(mode)
    refused = Hoso(tmp_path / "home", passphrase_file=file)("keys", "init")
    assert refused.status == 3
    assert told in refused.err
    assert not (tmp_path / "home/keys.json").exists()


def test_a_passphrase_file_that_is_not_there_is_named_by_its_setting(tmp_path: Path):
    refused = Hoso(tmp_path / "home", passphrase_file=tmp_path / "none")("keys", "init")
    assert refused.status == 3
    assert "HOSO_PASSPHRASE_FILE" in refused.err


def test_on_a_terminal_the_passphrase_is_asked_twice_and_not_shown(tmp_path: Path):
    hoso = Hoso(tmp_path / "home")
    made = hoso.typed(f"{PASSPHRASE}\n{PASSPHRASE}", "keys", "init")
    assert made.status == 0
    assert PASSPHRASE not in made.out
    assert "scrypt" in made.out
    opened = hoso.typed(PASSPHRASE, "keys", "status")
    assert opened.status == 0
    assert opened.out.count("Passphrase") == 1


def test_two_passphrases_that_differ_make_no_key_file(tmp_path: Path):
    refused = Hoso(tmp_path / "home").typed(f"{PASSPHRASE}\n{PASSPHRASE}x", "keys", "init")
    assert refused.status == 3
    assert "differ" in refused.out
    assert not (tmp_path / "home/keys.json").exists()
