"""The command line: groups joined, errors turned into one clear line and an exit status.

Exit status: 0 done, 1 done with refusals, 2 wrong use, 3 not possible now; 128 and the signal where one ended it.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import typer

from indexer.sources import SourceError
from schemas.errors import HosoError, SettingsError, ValidationFailedError
from search_api.cli import audit, demo, doctor, erase, index, keys, serve, synth, token
from search_api.cli.console import NOT_NOW, WRONG_USE, notice, print_json
from search_api.logging import configure_logging

app = typer.Typer(
    name="hoso",
    help="Hoso: search and data reuse for citizen records, over an encrypted index. Start with `hoso demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo", epilog="Example: hoso demo --citizens 500 --port 0")(demo.demo)
app.add_typer(keys.app, name="keys")
app.command("synth", epilog="Example: hoso synth world --citizens 100000 --seed 7")(synth.synth)
app.add_typer(index.app, name="index")
app.command("serve", epilog="Example: HOSO_HOME=/var/lib/hoso hoso serve --port 8000")(serve.serve)
app.command("token", epilog="Example: hoso token officer --agency H41.14 --ttl 8h")(token.token)
app.add_typer(audit.app, name="audit")
app.command("erase", epilog="Example: hoso erase < citizen-id.txt > receipt.jws")(erase.erase)
app.command("doctor", epilog="Example: hoso doctor --json")(doctor.doctor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    configure_logging(logging.WARNING)
    with _ended_by_signals() as signals:
        try:
            app(args=list(arguments), prog_name="hoso")
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        except HosoError as error:
            status = _tell(error, as_json="--json" in arguments)
    if status == 128 + signal.SIGINT:
        notice("stopped; run the same command again to go on")
        return 128 + (signals[-1] if signals else signal.SIGINT)
    return status


def _tell(error: HosoError, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"code": error.code, "detail": str(error), "pointer": error.pointer}})
    notice(f"hoso: {error}")
    # A source that cannot be read is no wrong use; what a user typed or set is.
    wrong_use = isinstance(error, SettingsError | ValidationFailedError) and not isinstance(error, SourceError)
    return WRONG_USE if wrong_use else NOT_NOW


@contextmanager
def _ended_by_signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does: temporary folders go, workers end."""
    seen: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        seen.append(number)
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGTERM, signal.SIGHUP)
        # Under nohup, a lost terminal ends nothing.
        if signal.getsignal(number) == signal.SIG_DFL
    }
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
