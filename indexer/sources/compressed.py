"""Streams of bytes, decompressed if their first bytes say gzip or xz. What stands before a damage comes out."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from indexer.sources.rows import SourceError

_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
# A piece at a time: a small file that unpacks to gigabytes does not fill the memory.
_MAX_PIECE_BYTES = 1024 * 1024


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def piece(self, compressed: bytes) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def piece(self, compressed: bytes) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + compressed, _MAX_PIECE_BYTES)


class _Xz:
    def __init__(self) -> None:
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def piece(self, compressed: bytes) -> bytes:
        return self._stream.decompress(compressed, _MAX_PIECE_BYTES)


def decompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield `chunks` as they are, or decompressed if they begin as gzip or xz do.

    Raises:
        SourceError: `damaged`: the stream ends too early or its bytes are wrong; what stands before has come out.
    """
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(_XZ):
            break
    whole = chain((head,), chunks) if head else chunks
    if head.startswith(_GZIP):
        return _unpacked(whole, _Gzip)
    return _unpacked(whole, _Xz) if head.startswith(_XZ) else whole


def _unpacked(chunks: Iterator[bytes], kind: type[_Gzip] | type[_Xz]) -> Iterator[bytes]:
    """Yield what the members of a stream hold; both formats allow several, one after the other."""
    stream: _Decompressor | None = None
    for compressed in chunks:
        rest = compressed
        while rest:
            stream = stream or kind()
            yield from _pieces(stream, rest)
            rest, stream = (stream.unused_data, None) if stream.eof else (b"", stream)
    if stream is not None:
        raise SourceError("damaged", "the compressed source ends too early: it was cut off; fetch it again")


def _pieces(stream: _Decompressor, compressed: bytes) -> Iterator[bytes]:
    try:
        while not stream.eof and (piece := stream.piece(compressed)):
            yield piece
            compressed = b""
    except (zlib.error, lzma.LZMAError) as wrong:
        raise SourceError("damaged", "the compressed source is damaged; fetch it again") from wrong
