"""Two layouts of postings on SQLite, side by side: docs/adr/001-posting-table.md."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from base64 import b32encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from indexer.engines.embedded.database import open_writer

_TOKENS = 48
_LANES = 32
_REPEATING = 3
_ENVELOPE_BYTES = 1536
_SIGN = 1 << 63
_MASK = (1 << 64) - 1


def run(records: int) -> dict[str, Any]:
    """Return the figures of both layouts at `records` records."""
    with tempfile.TemporaryDirectory() as folder:
        return {name: _measure(make(Path(folder)), records) for name, make in _LAYOUTS.items()}


class _Layout:
    """Rows with envelopes, and postings of one kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = open_writer(path)
        self.db.execute("create table record (row_id integer primary key, envelope blob not null)")

    def put(self, rows: list[tuple[int, list[int]]]) -> None:
        with self.db:
            self.db.executemany(
                "insert into record values (?, ?)", ((row_id, os.urandom(_ENVELOPE_BYTES)) for row_id, _ in rows)
            )
            self.post(rows)

    def post(self, rows: list[tuple[int, list[int]]]) -> None:
        raise NotImplementedError

    def look_up(self, groups: list[list[int]]) -> int:
        raise NotImplementedError


class _Table(_Layout):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "table.db")
        self.db.execute("create table posting (token, row_id, primary key (token, row_id)) without rowid")

    def post(self, rows: list[tuple[int, list[int]]]) -> None:
        postings = sorted((token - _SIGN, row_id) for row_id, tokens in rows for token in tokens)
        self.db.executemany("insert or ignore into posting values (?, ?)", postings)

    def look_up(self, groups: list[list[int]]) -> int:
        marks = ",".join("?" * _LANES)
        wanted = " intersect ".join(f"select row_id from posting where token in ({marks})" for _ in groups)
        values = [token - _SIGN for group in groups for token in group]
        return len(
            self.db.execute(f"select envelope from record where row_id in ({wanted}) limit 200", values).fetchall()
        )


class _Fts5(_Layout):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "fts5.db")
        self.db.execute(
            "create virtual table posting using "
            "fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        )

    def post(self, rows: list[tuple[int, list[int]]]) -> None:
        self.db.executemany(
            "insert into posting (rowid, tokens) values (?, ?)",
            ((row_id, " ".join(map(_word, tokens))) for row_id, tokens in rows),
        )

    def look_up(self, groups: list[list[int]]) -> int:
        wanted = " AND ".join(f"({' OR '.join(map(_word, group))})" for group in groups)
        sql = (
            "select envelope from posting join record on record.row_id = posting.rowid where posting match ? limit 200"
        )
        return len(self.db.execute(sql, (wanted,)).fetchall())


_LAYOUTS: dict[str, Callable[[Path], _Layout]] = {"table": _Table, "fts5": _Fts5}


def _word(token: int) -> str:
    return b32encode(token.to_bytes(8, "big")).decode().rstrip("=").lower()


def _lane_token(value: int, lane: int) -> int:
    mixed = ((value * _LANES + lane + 1) * 0x9E3779B97F4A7C15) & _MASK
    return ((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9) & _MASK


def _lanes(value: int) -> list[int]:
    return [_lane_token(value, lane) for lane in range(_LANES)]


def _rows(first: int, count: int, values: int, chance: random.Random) -> Iterator[tuple[int, list[int]]]:
    for row_id in range(first, first + count):
        tokens = [chance.getrandbits(64) for _ in range(_TOKENS - _REPEATING)]
        tokens += [_lane_token(chance.randrange(values), chance.randrange(_LANES)) for _ in range(_REPEATING)]
        yield row_id, tokens


def _measure(layout: _Layout, records: int) -> dict[str, Any]:
    chance, values = random.Random(1), records // 6
    done, figures = 0, dict[str, Any]()
    while done < records:
        layout.put(list(_rows(done, 5_000, values, chance)))
        done += 5_000
    layout.db.pragma("wal_checkpoint(TRUNCATE)")
    figures["bytes_per_record"] = round(layout.path.stat().st_size / done)
    for parts in (1, 2):
        times = []
        for _ in range(1_000):
            groups = [_lanes(chance.randrange(values)) for _ in range(parts)]
            started = time.perf_counter()
            layout.look_up(groups)
            times.append((time.perf_counter() - started) * 1e3)
        cut = statistics.quantiles(times, n=100)
        figures[f"look-up of {parts}"] = {"p50_ms": round(cut[49], 3), "p99_ms": round(cut[98], 3)}
    for batch in (1, 2_000, 10_000):
        rounds = max(1, 20_000 // batch) if batch > 1 else 200
        prepared = [list(_rows(done + batch * one, batch, values, chance)) for one in range(rounds)]
        started = time.perf_counter()
        for rows in prepared:
            layout.put(rows)
        figures[f"added {batch} a commit, records/s"] = round(batch * rounds / (time.perf_counter() - started))
        done += batch * rounds
    layout.db.close()
    return figures
