"""The `hoso` command under test: in this process where that shows the same, else as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from search_api.cli import main

TERMINAL = Path(__file__).with_name("terminal.py")
HOSO = Path(sys.executable).with_name("hoso")


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value and nothing else."""
        return json.loads(self.out)


class Hoso:
    """Runs commands on one home folder; no setting of the caller's environment reaches them."""

    def __init__(self, home: Path | None, **settings: object) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOSO_")}
        given = {f"HOSO_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = kept | given | ({"HOSO_HOME": str(home)} if home else {})

    def __call__(self, *arguments: object, stdin: str | bytes = b"") -> Result:
        """Run a command in this process."""
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(3)]
        given, out, err = streams
        given.buffer.write(stdin.encode() if isinstance(stdin, str) else stdin)
        given.buffer.seek(0)
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "stdin", given),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = main([str(argument) for argument in arguments])
        return Result(status, _text(out), _text(err))

    def run(self, *arguments: object, stdin: bytes = b"", timeout_s: float = 60) -> Result:
        """Run a command as a process without a terminal."""
        process = self.start(*arguments)
        out, err = process.communicate(stdin, timeout_s)
        return Result(process.returncode, out.decode(), err.decode())

    def start(self, *arguments: object, out: Any = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start a command as a process in a session of its own, so that there is no terminal to ask."""
        command = [str(HOSO), *map(str, arguments)]
        return subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def typed(self, lines: str, *arguments: object) -> Result:
        """Run a command on a terminal, typing a line at each prompt; all output is in `out`."""
        command = [sys.executable, str(TERMINAL), lines, str(HOSO), *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=60, check=False)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def read_until(process: subprocess.Popen[bytes], last: str, timeout_s: float = 60) -> str:
    """Return what a process prints up to a line that holds `last`."""
    assert process.stdout is not None
    seen, end = "", time.monotonic() + timeout_s
    while time.monotonic() < end:
        line = process.stdout.readline().decode()
        seen += line
        if last in line or not line:
            break
    assert last in seen, (seen, process.poll() is not None and process.stderr and process.stderr.read().decode())
    return seen


def ndjson(*rows: Any) -> bytes:
    """Return rows as lines of JSON; one that is bytes stays as it is."""
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()
