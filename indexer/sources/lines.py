"""Lines of a file, of standard input or of a request body, each with its number and offset.

A byte order mark and CRLF are undone, `.gz` and `.xz` are known by their first bytes, and no line longer than the
limit is ever held in memory. Source: docs/formats.md, section 8.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from indexer.sources.compressed import decompressed
from indexer.sources.rows import RowError, SourceError

MAX_LINE_BYTES = 8 * 1024 * 1024
STANDARD_INPUT = "-"

_CHUNK_BYTES = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank.

    Attributes:
        number: counted from 1, blank lines included.
        offset: of its first byte, in bytes, in the source after decompression.
        raw: the line without its end; empty if it was too long.
        fault: why it is refused before it was looked into, or None.
    """

    number: int
    offset: int
    raw: bytes
    fault: RowError | None = None


def iter_lines(source: Path | str) -> Iterator[Line]:
    """Yield the lines of a file, or of standard input for "-", in order.

    Raises:
        SourceError: `not_readable`; `damaged` after the lines that stand before the damage.
    """
    return split_lines(iter_chunks(source))


def iter_chunks(source: Path | str) -> Iterator[bytes]:
    """Yield the bytes of a file, or of standard input for "-", decompressed, in pieces of about a MiB.

    Raises:
        SourceError: `not_readable`, `damaged`.
    """
    try:
        with nullcontext(sys.stdin.buffer) if source == STANDARD_INPUT else Path(source).open("rb") as stream:
            yield from decompressed(_pieces(stream))
    except OSError as wrong:
        raise SourceError("not_readable", f"the source cannot be read: {wrong.strerror}") from wrong


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.read(_CHUNK_BYTES), b"")


def split_lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a stream of bytes, which may be cut anywhere. A last line needs no line end."""
    number, offset = 0, 0
    for offset, length, raw in _raw_lines(chunks):
        number += 1
        if raw is None:
            fault = RowError("line_too_long", "", f"a line may have at most {MAX_LINE_BYTES} bytes; this has {length}")
            yield Line(number, offset, b"", fault)
            continue
        if number == 1 and raw.startswith(_BYTE_ORDER_MARK):
            raw, offset = raw.removeprefix(_BYTE_ORDER_MARK), len(_BYTE_ORDER_MARK)
        raw = raw.removesuffix(b"\r")
        if raw.strip():
            yield Line(number, offset, raw)


def _raw_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield (offset, length, bytes) of each line; None for the bytes of one over the limit, which are let go."""
    offset, length, parts = 0, 0, list[bytes]()
    for chunk in chain(chunks, (None,)):
        *ended, rest = (b"", b"")[: 1 + bool(length)] if chunk is None else chunk.split(b"\n")
        for piece in ended:
            length += len(piece)
            yield offset, length, b"".join((*parts, piece)) if length <= MAX_LINE_BYTES else None
            offset, length, parts = offset + length + 1, 0, []
        length += len(rest)
        # The room for CR is within the limit: a byte more or less does not matter there.
        parts = [*parts, rest] if length <= MAX_LINE_BYTES else []
