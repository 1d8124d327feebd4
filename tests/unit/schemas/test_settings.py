"""Settings from arguments, environment and file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("HOSO_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write the file that HOSO_CONFIG names."""

    def write(content):
        path = tmp_path / "hoso.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setenv("HOSO_CONFIG", str(path))

    return write


def test_without_anything_everything_is_in_var():
    settings = load_settings()
    assert (settings.home, settings.key_file, settings.vault_file) == (
        Path("var"),
        Path("var/keys.json"),
        Path("var/vault.db"),
    )
    assert settings.issuer == "local"
    assert settings.allow_local_issuer is False


def test_arguments_win_over_the_environment_and_that_over_the_file(config, monkeypatch):
    config('home = "from-file"\nmax_body_mib = 3\nissuer = "https://id.example"\n')
    monkeypatch.setenv("HOSO_HOME", "from-environment")
    monkeypatch.setenv("HOSO_MAX_BODY_MIB", "5")
    settings = load_settings(home=Path("from-argument"))
    assert (settings.home, settings.max_body_mib, settings.issuer) == (Path("from-argument"), 5, "https://id.example")


def test_an_argument_that_is_none_is_not_given(monkeypatch):
    monkeypatch.setenv("HOSO_HOME", "from-environment")
    assert load_settings(home=None).home == Path("from-environment")


def test_a_variable_that_is_not_known_is_refused_by_name_without_its_value(monkeypatch):
    monkeypatch.setenv("HOSO_PASSPHRASE", "a secret that nobody should print")
    with pytest.raises(SettingsError, match="HOSO_PASSPHRASE") as caught:
        load_settings()
    assert "a secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BODY_MIB", "0"),
        ("MAX_BODY_MIB", "many"),
        ("ENGINE", "sqlite"),
        ("ALLOW_LOCAL_ISSUER", "perhaps"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_name(monkeypatch, name, value):
    monkeypatch.setenv(f"HOSO_{name}", value)
    with pytest.raises(SettingsError, match=name.lower()):
        load_settings()


def test_a_key_of_the_file_that_is_not_known_is_refused(config):
    config('hoem = "typo"\n')
    with pytest.raises(SettingsError, match="hoem"):
        load_settings()


@pytest.mark.parametrize("content", [b"home = ", b"\xff\xfe", b"[[["])
def test_a_file_that_is_no_toml_is_refused(config, content):
    config(content)
    with pytest.raises(SettingsError, match="HOSO_CONFIG"):
        load_settings()


def test_a_file_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("HOSO_CONFIG", "/nowhere/hoso.toml")
    with pytest.raises(SettingsError, match="HOSO_CONFIG"):
        load_settings()


def test_the_vault_may_be_elsewhere():
    assert load_settings(vault_url="sqlite:////data/v.db").vault_file == Path("/data/v.db")
    assert load_settings(vault_url="sqlite:///v.db").vault_file == Path("v.db")


@pytest.mark.parametrize("url", ["postgresql://db/hoso", "sqlite://v.db", "sqlite:///", "v.db"])
def test_a_vault_of_another_kind_is_refused(url):
    with pytest.raises(SettingsError, match="HOSO_VAULT_URL"):
        _ = load_settings(vault_url=url).vault_file


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().home = Path("elsewhere")


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())
