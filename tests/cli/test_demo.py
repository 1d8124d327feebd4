"""`hoso demo`, as a process: what it prints works, and what it leaves."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from support.hoso_command import Hoso, read_until

from search_api.cli.demo_guide import cast_of

CITIZENS = 150
LAST = "Ctrl-C ends the demo"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def commands(printed: str) -> dict[str, list[str]]:
    """Return the printed commands by the line that stands above each."""
    lines = printed.splitlines()
    return {
        lines[at - 1].removeprefix("# "): shlex.split(line)
        for at, line in enumerate(lines)
        if line.startswith(("curl ", "HOSO_HOME="))
    }


def sent(command: list[str]) -> httpx.Response:
    """Send what a printed curl sends; its options are those that the guide uses."""
    assert command[:2] == ["curl", "-sS"]
    options = command[3:]
    pairs = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
    body = next((value for name, value in pairs if name == "--data-binary"), None)
    assert {name for name, _ in pairs} <= {"-H", "--data-binary"}
    if body is None:
        return httpx.get(command[2], headers=headers, timeout=30)
    return httpx.post(command[2], headers=headers, content=body.encode(), timeout=30)


def of(shown: dict[str, list[str]], role: str) -> list[list[str]]:
    return [command for title, command in shown.items() if title.startswith(f"{role}: ")]


def stop(process: subprocess.Popen[bytes], number: int) -> str:
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    return err.decode()


def check(shown: dict[str, list[str]]) -> None:
    """Run every printed command."""
    [public] = of(shown, "anyone")
    found = sent(public)
    assert found.status_code == 200
    assert found.json()["items"]
    search, opening = of(shown, "officer")
    dossiers = sent(search).json()["items"]
    case = json.loads(opening[opening.index("--data-binary") + 1])["case_number"]
    assert case in {one["dossier_code"] for one in dossiers}
    record = sent(opening)
    assert record.status_code == 200
    assert record.json()["masked"] is False
    [portal] = of(shown, "portal")
    prefilled = sent(portal).json()
    assert prefilled["status"] in ("complete", "partial")
    assert any(field["status"] == "filled" for field in prefilled["fields"])
    [ingester] = of(shown, "ingester")
    assert sent(ingester).json()["status"] in ("indexed", "unchanged")
    [auditor] = of(shown, "auditor")
    home, *verify = auditor
    done = subprocess.run(verify, env=environment(home), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


def check_urls(shown: dict[str, list[str]]) -> None:
    """Data of people stands in bodies, never in an URL."""
    cast = cast_of(CITIZENS)
    personal = [cast.applicant["citizen_id"], cast.applicant["full_name"], cast.holder.citizen_id, cast.case["code"]]
    urls = [part for command in shown.values() for part in command if part.startswith("http")]
    assert len(urls) == 5
    assert not [url for url in urls if any(value in url for value in personal)]


def environment(home: str) -> dict[str, str]:
    name, _, value = home.partition("=")
    return {**Hoso(None).environment, name: value}


@pytest.fixture
def demo(tmp_path: Path) -> Hoso:
    """The command with a temporary folder of its own, to see what is left there."""
    (tmp_path / "tmp").mkdir()
    command = Hoso(None)
    command.environment["TMPDIR"] = str(tmp_path / "tmp")
    return command


def test_every_printed_command_works_and_a_second_start_goes_on_with_the_same_home(demo: Hoso, tmp_path: Path):
    home = tmp_path / "home"
    process = demo.start("demo", "--port", "0", "--home", home, "--citizens", CITIZENS)
    shown = read_until(process, LAST)
    address = ADDRESS.search(shown)
    assert address
    assert httpx.get(f"{address[0]}/readyz", timeout=30).status_code == 200
    assert httpx.get(f"{address[0]}/docs", timeout=30).status_code == 200
    assert f"{address[0]}/docs" in shown
    check(commands(shown))
    check_urls(commands(shown))
    err = stop(process, signal.SIGTERM)
    assert "Traceback" not in err
    assert not (home / "world").exists()
    assert list((tmp_path / "tmp").iterdir()) == []

    again = demo.start("demo", "--port", "0", "--home", home)
    check(commands(read_until(again, LAST)))
    assert "Indexing" not in stop(again, signal.SIGINT)

    other = demo("demo", "--port", "0", "--home", home, "--citizens", CITIZENS + 1)
    assert other.status == 3
    assert str(CITIZENS) in other.err


def test_without_a_home_nothing_is_left(demo: Hoso, tmp_path: Path):
    process = demo.start("demo", "--port", "0")
    assert process.stderr is not None
    # Stopped in the middle of its work, with workers and half an index.
    while b"Indexing dossiers" not in process.stderr.readline():
        assert process.poll() is None
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert out == b""
    assert b"Traceback" not in err
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_home_that_is_no_demo_is_not_touched(hoso: Hoso):
    assert hoso.home is not None
    before = sorted(hoso.home.rglob("*"))
    refused = hoso("demo", "--port", "0")
    assert refused.status == 3
    assert "no demo" in refused.err
    assert sorted(hoso.home.rglob("*")) == before


def test_a_damaged_marker_is_told(tmp_path: Path):
    (tmp_path / "demo.json").write_text("{")
    assert Hoso(tmp_path)("demo", "--port", "0").status == 3
