"""The `hoso` command: `main` is what the console script calls."""

from search_api.cli.main import main

__all__ = ["main"]
