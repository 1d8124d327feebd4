"""Runs a command on a terminal of its own and types a line at each prompt: `terminal.py LINES COMMAND…`.

A process of its own, because the command needs the terminal as its controlling one.
"""

import os
import pty
import sys


def main() -> int:
    lines = sys.argv[1].split("\n")
    process, terminal = pty.fork()
    if not process:
        os.execv(sys.argv[2], sys.argv[2:])
    seen = b""
    while True:
        try:
            seen += os.read(terminal, 1024)
        except OSError:
            # How Linux says that the other side is closed.
            break
        # What is typed before the prompt is thrown away.
        if lines and seen.rstrip(b" ").endswith(b":"):
            os.write(terminal, lines.pop(0).encode() + b"\n")
    sys.stdout.buffer.write(seen)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


sys.exit(main())
