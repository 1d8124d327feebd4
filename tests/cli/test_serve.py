"""`hoso serve`, as a process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from support.hoso_command import Hoso, read_until

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture
def server(hoso: Hoso) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running server and its address."""
    process = hoso.start("serve", "--port", "0")
    address = ADDRESS.search(read_until(process, "serves on"))
    assert address
    yield process, address[0]
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_logs_in_json_and_stops_well_with_a_checkpoint(
    hoso: Hoso, server: tuple[subprocess.Popen[bytes], str], number: int
):
    process, address = server
    assert httpx.get(f"{address}/readyz", timeout=20).status_code == 200
    assert httpx.get(f"{address}/v1/procedures?q=bimatcuatoi", timeout=20).status_code != 404
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == b""
    events = [json.loads(line) for line in err.decode().splitlines()]
    answered = [event for event in events if event["event"] == "http.answered"]
    assert answered[0]["status"] == 200
    assert "bimatcuatoi" not in err.decode()
    assert events[-1]["event"] == "audit.checkpoint_signed"
    assert hoso("audit", "verify", "--json").json["checkpoints"] == 1


def test_a_port_in_use_is_told_in_one_line(hoso: Hoso):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = hoso("serve", "--port", taken.getsockname()[1])
    assert refused.status == 3
    assert refused.err.count("\n") == 1
    assert "in use" in refused.err
    assert "--port" in refused.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "hoso.example"])
def test_the_local_issuer_serves_on_loopback_only(hoso: Hoso, host: str):
    refused = hoso("serve", "--host", host, "--port", "0")
    assert refused.status == 2
    assert "HOSO_ALLOW_LOCAL_ISSUER" in refused.err


def test_an_address_of_another_machine_is_wrong_use(hoso: Hoso):
    refused = Hoso(hoso.home, allow_local_issuer=1)("serve", "--host", "192.0.2.1", "--port", "0")
    assert refused.status == 2
    assert "--host" in refused.err


def test_several_processes_come_later(hoso: Hoso):
    assert hoso("serve", "--workers", "2").status == 2


def test_without_keys_it_does_not_serve(hoso: Hoso):
    assert hoso.home is not None
    refused = Hoso(hoso.home / "elsewhere")("serve", "--port", "0")
    assert refused.status == 3
    assert "hoso keys init" in refused.err
