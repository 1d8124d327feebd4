"""`hoso doctor`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import apsw
from support.hoso_command import Hoso, Result


def checks(done: Result) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def test_a_whole_installation_is_well(filled: Hoso):
    done = filled("doctor", "--json")
    assert done.status == 0
    found = checks(done)
    assert done.json["ok"] is True
    assert {check["level"] for check in found.values()} <= {"ok", "warn"}
    assert set(found) == {
        "hoso", "SQLite", "open files", "settings", "disk", "issuer", "policy", "keys", "vault", "engine", "clock"
    }  # fmt: skip
    assert found["keys"]["level"] == "warn"
    assert "carray there" in found["SQLite"]["found"]


def test_the_table_says_what_to_do(hoso: Hoso):
    done = hoso("doctor")
    assert done.status == 0
    assert "HOSO_PASSPHRASE_FILE" in done.out


def test_without_keys_it_says_how_to_make_them(tmp_path: Path):
    done = Hoso(tmp_path / "home")("doctor", "--json")
    assert done.status == 3
    assert done.json["ok"] is False
    assert "hoso keys init" in checks(done)["keys and vault"]["found"]
    assert not (tmp_path / "home").exists()


def test_a_wrong_setting_is_named(hoso: Hoso):
    done = Hoso(hoso.home, max_body_mib="much")("doctor", "--json")
    assert done.status == 3
    assert "max_body_mib" in checks(done)["settings"]["found"]


def test_a_key_file_that_others_can_read_is_found(hoso: Hoso):
    assert hoso.home is not None
    (hoso.home / "keys.json").chmod(0o644)
    done = hoso("doctor", "--json")
    assert done.status == 3
    assert "chmod 600" in checks(done)["keys and vault"]["found"]


def test_a_vault_of_another_installation_is_found(filled: Hoso, tmp_path: Path):
    other = Hoso(tmp_path / "other")
    assert other("keys", "init").status == 0
    assert filled.home is not None
    assert other.home is not None
    shutil.copy(filled.home / "vault.db", other.home / "vault.db")
    done = other("doctor", "--json")
    assert done.status == 3
    assert "another installation" in checks(done)["keys and vault"]["found"]


def test_a_clock_behind_the_newest_audit_entry_is_found(hoso: Hoso):
    assert hoso("index", "quarantine", "list").status == 0
    assert hoso.home is not None
    connection = apsw.Connection(str(hoso.home / "vault.db"))
    [(entry,)] = connection.execute("select entry from audit_entry")
    at = entry.index(b'"at":"') + len(b'"at":"')
    connection.execute("update audit_entry set entry = ?", (entry[:at] + b"2999" + entry[at + 4 :],))
    connection.close()
    done = hoso("doctor", "--json")
    assert done.status == 3
    assert "2999" in checks(done)["clock"]["found"]


def test_a_build_that_was_left_is_told(hoso: Hoso):
    assert hoso.home is not None
    (hoso.home / "records").mkdir()
    (hoso.home / "records/building").write_text("000002")
    engine = checks(hoso("doctor", "--json"))["engine"]
    assert engine["level"] == "warn"
    assert "again" in engine["mend"]


def test_a_policy_that_contradicts_itself_is_found(hoso: Hoso, tmp_path: Path):
    (tmp_path / "policy.toml").write_text("version = 7")
    done = Hoso(hoso.home, policy=tmp_path / "policy.toml")("doctor", "--json")
    assert done.status == 3
    assert checks(done)["policy"]["level"] == "fail"


def test_an_issuer_without_its_keys_is_found(hoso: Hoso, tmp_path: Path):
    done = Hoso(hoso.home, issuer="https://login.example")("doctor", "--json")
    assert done.status == 3
    assert "HOSO_JWKS_FILE" in checks(done)["issuer"]["mend"]
    (tmp_path / "jwks.json").write_text('{"keys": []}')
    set_up = Hoso(hoso.home, issuer="https://login.example", jwks_file=tmp_path / "jwks.json")
    assert checks(set_up("doctor", "--json"))["issuer"]["level"] == "ok"


def test_local_tokens_on_every_address_are_warned_of(hoso: Hoso):
    done = Hoso(hoso.home, allow_local_issuer=1)("doctor", "--json")
    assert checks(done)["issuer"]["level"] == "warn"
