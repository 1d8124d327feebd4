"""A server on a free port of the loopback address: prints the port, then serves the installation of one folder."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from schemas.settings import load_settings
from search_api.app import create_app


def main(home: str) -> None:
    app = create_app(load_settings(home=Path(home)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        server.run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1])
