"""A server of the installation in one folder, on a socket that listens already: its number is the second argument."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from schemas.settings import load_settings
from search_api.app import create_app


def main(home: str, listening: int) -> None:
    app = create_app(load_settings(home=Path(home)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    server.run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
