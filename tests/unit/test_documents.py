"""The documents agree with the program, and the tree keeps its own rules."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from schemas.settings import ENVIRONMENT_PREFIX, Settings
from search_api.routes import examples

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 400


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of tracked files")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_every_setting_stands_in_the_documents_with_its_meaning_and_default():
    rows = re.findall(r"^\| `(HOSO_\w+)` \| (.*?) \| (.*?) \|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    documented = {name: (default.strip("` "), meaning) for name, default, meaning in rows}
    expected = {}
    for name, field in Settings.model_fields.items():
        default = str(field.default or "none") if not isinstance(field.default, bool) else str(field.default)
        expected[f"{ENVIRONMENT_PREFIX}{name.upper()}"] = (
            default.lower() if isinstance(field.default, bool) else default,
            field.description,
        )
    assert documented == expected


def test_the_compose_file_passes_only_settings_that_the_program_knows():
    passed = set(re.findall(r"^\s+(HOSO_\w+):", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE))
    assert passed
    assert passed <= {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_no_module_is_longer_than_the_ceiling():
    too_long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert too_long == {}


def test_every_decision_says_its_status():
    decisions = tracked("docs/adr/*.md")
    assert decisions
    assert [path.name for path in decisions if "**Status**" not in path.read_text(encoding="utf-8")] == []


def test_the_requirements_are_pinned_with_hashes_and_name_no_host():
    for path in tracked("requirements*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        pinned = re.findall(r"^[a-z0-9\[\]._-]+==[^ ]+", text, re.MULTILINE)
        assert pinned
        assert text.count("--hash=sha256:") >= len(pinned)


def test_people_of_the_examples_have_serials_that_are_not_given_out():
    numbers = re.findall(r"\b0\d{11}\b", str(vars(examples)))
    assert numbers
    assert all(number[6:].startswith("9999") for number in numbers)
