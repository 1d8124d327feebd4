"""Finds values that must not be there: in every byte of files, in any usual encoding, inside compressed content too.

One pass over the bytes: the first six bytes of each pattern go into a hash table, numpy looks up all places at once,
and what is left over is compared byte by byte. SQLite files are also read value by value, as a value may be cut by a
page's end or stored as a number.
"""

from __future__ import annotations

import base64
import bz2
import hashlib
import json
import lzma
import re
import shutil
import tempfile
import unicodedata
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import numpy as np

# Shorter values occur by chance.
SHORTEST_CHARS = 6

_KEY_BYTES = 6
_KEY_MASK = np.uint64((1 << 8 * _KEY_BYTES) - 1)
_HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_HASH_BITS = 24
_CHUNK_BYTES = 1 << 22
_DIGEST_BYTES = 8

_MOST_UNPACKED_BYTES = 1 << 24
_PIECE_BYTES = 512
_DEEPEST = 3
_RAW_DEFLATE_OFFSETS = 16
_SHORTEST_PACKED_BYTES = 24
# Every valid header of a zlib stream without dictionary (RFC 1950), gzip, xz and bzip2.
_ZLIB_HEADS = [bytes((cmf, flags)) for cmf in range(0x08, 0x88, 0x10) for flags in range(256)]
_ZLIB_HEADS = [head for head in _ZLIB_HEADS if int.from_bytes(head, "big") % 31 == 0 and not head[1] & 0x20]
_HEAD_PATTERNS = (
    rb"(?P<gzip>\x1f\x8b\x08)",
    rb"(?P<xz>\xfd7zXZ\0)",
    rb"(?P<bzip2>BZh[1-9]1AY&SY)",
    b"(?P<zlib>" + b"|".join(map(re.escape, _ZLIB_HEADS)) + b")",
)
# Looking ahead, as a false head may overlap a true one.
_HEADS = re.compile(b"(?=" + b"|".join(_HEAD_PATTERNS) + b")", re.DOTALL)
_SQLITE_HEAD = b"SQLite format 3\0"


class Find(NamedTuple):
    """A value found: where, which, and how it was written."""

    place: str
    value: str
    encoding: str


class LeakScanner:
    """Looks for values; made once, used on many files."""

    def __init__(self, values: Iterable[str | int], zlib_dictionary: bytes = b"") -> None:
        """`zlib_dictionary` is tried beside none where raw deflate is tried."""
        self._names: dict[bytes, tuple[str, str]] = {}
        for value in values:
            for encoding, pattern in _patterns(value):
                if len(pattern) >= _KEY_BYTES:
                    self._names.setdefault(pattern, (str(value), encoding))
        self._by_key: dict[bytes, list[bytes]] = {}
        for pattern in self._names:
            self._by_key.setdefault(pattern[:_KEY_BYTES], []).append(pattern)
        keys = np.frombuffer(b"".join(key.ljust(8, b"\0") for key in self._by_key), dtype="<u8")
        self._table = np.zeros(1 << _HASH_BITS, dtype=bool)
        self._table[_hashes(keys)] = True
        self._dictionaries = (b"", zlib_dictionary) if zlib_dictionary else (b"",)

    @property
    def pattern_count(self) -> int:
        """How many byte strings are looked for."""
        return len(self._names)

    def scan_folder(self, folder: Path) -> list[Find]:
        """Return what is found in the names and the content of all files below `folder`."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        assert files, "a scan of nothing finds nothing"
        return [find for path in files for find in self.scan_file(path, str(path.relative_to(folder)))]

    def scan_file(self, path: Path, place: str) -> list[Find]:
        """Return what is found in one file, its place included."""
        content = path.read_bytes()
        finds = [*self.scan_bytes("(file name)", place.encode()), *self.scan_bytes(place, content)]
        if content.startswith(_SQLITE_HEAD):
            finds += self._scan_database(path, place)
        return finds

    def scan_bytes(self, place: str, content: bytes, depth: int = 0) -> list[Find]:
        """Return what is found in some bytes, and in what unpacks from them."""
        finds = [Find(place, *self._names[pattern]) for pattern in set(self._matches(content))]
        if depth < _DEEPEST:
            for how, unpacked in _unpacked(content):
                finds += self.scan_bytes(f"{place} > {how}", unpacked, depth + 1)
        return finds

    def _matches(self, content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), _CHUNK_BYTES):
            # Room for a key that begins on the last byte of the chunk, and for the eight bytes that numpy reads.
            chunk = content[start : start + _CHUNK_BYTES + 7].ljust(8, b"\0") + bytes(2)
            windows = np.ndarray(len(chunk) - 7, dtype="<u8", buffer=chunk, strides=(1,))
            for place in np.flatnonzero(self._table[_hashes(windows & _KEY_MASK)]).tolist():
                at = start + place
                for pattern in self._by_key.get(content[at : at + _KEY_BYTES], ()):
                    if content.startswith(pattern, at):
                        yield pattern

    def _scan_database(self, path: Path, place: str) -> list[Find]:
        finds: list[Find] = []
        with tempfile.TemporaryDirectory() as scratch:
            # A copy with its log: reading must not change what is scanned.
            for part in (path, path.with_name(f"{path.name}-wal")):
                if part.exists():
                    shutil.copy(part, scratch)
            connection = apsw.Connection(str(Path(scratch) / path.name))
            for table, column, values in _columns(connection):
                where = f"{place}:{table}.{column}"
                finds += self.scan_bytes(where, b"\n".join(values))
                for value in values:
                    for unpacked in self._inflated(value):
                        finds += self.scan_bytes(f"{where} > deflate", unpacked, 1)
            connection.close()
        return finds

    def _inflated(self, value: bytes) -> Iterator[bytes]:
        # What is shorter than this holds no more packed than it does plain.
        for offset in range(min(_RAW_DEFLATE_OFFSETS, len(value) - _SHORTEST_PACKED_BYTES)):
            for dictionary in self._dictionaries:
                unpacker = zlib.decompressobj(-zlib.MAX_WBITS, dictionary) if dictionary else zlib.decompressobj(-15)
                if unpacked := _unpack(unpacker, value[offset:]):
                    yield unpacked


def spellings(value: str) -> dict[str, str]:
    """Return the forms in which a text may stand, by name; what is equal stands once."""
    composed = unicodedata.normalize("NFC", value)
    apart = unicodedata.normalize("NFD", composed)
    plain = "".join(one for one in apart if unicodedata.category(one) != "Mn").replace("đ", "d").replace("Đ", "D")
    forms = {
        "raw": composed,
        "NFD": apart,
        "lower": composed.lower(),
        "upper": composed.upper(),
        "folded": plain.lower(),
        "unaccented": plain,
        "unaccented upper": plain.upper(),
        "folded without blanks": "".join(plain.lower().split()),
    }
    distinct: dict[str, str] = {}
    for name, form in forms.items():
        distinct.setdefault(form, name)
    return {name: form for form, name in distinct.items()}


def encodings(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield each usual encoding of a text, with its name; of base64 only what no neighbour changes."""
    raw = text.encode()
    yield "UTF-8", raw
    yield "UTF-16LE", text.encode("utf-16-le")
    yield "UTF-16BE", text.encode("utf-16-be")
    yield "hex", raw.hex().encode()
    yield "hex upper", raw.hex().upper().encode()
    for alignment in range(3):
        inner = _base64_inner(raw, alignment)
        yield f"base64 +{alignment}", inner
        yield f"base64url +{alignment}", inner.translate(bytes.maketrans(b"+/", b"-_"))
    for name, escaped in _escaped(text):
        yield name, escaped.encode()
    # A digest without a key can be looked up by whoever guesses the value.
    for algorithm in ("sha256", "sha1", "md5"):
        digest = hashlib.new(algorithm, raw).digest()[:_DIGEST_BYTES]
        yield algorithm, digest
        yield f"{algorithm} hex", digest.hex().encode()


def _patterns(value: str | int) -> Iterator[tuple[str, bytes]]:
    if isinstance(value, int):
        size = (value.bit_length() + 7) // 8
        yield "big-endian", value.to_bytes(size, "big")
        yield "little-endian", value.to_bytes(size, "little")
        value = str(value)
    for form, text in spellings(value).items():
        for encoding, pattern in encodings(text):
            yield f"{form}, {encoding}", pattern


def _escaped(text: str) -> Iterator[tuple[str, str]]:
    quoted = urllib.parse.quote(text, safe="")
    yield "percent", quoted
    yield "percent lower", re.sub("%..", lambda byte: byte[0].lower(), quoted)
    yield "percent plus", urllib.parse.quote_plus(text, safe="")
    yield "percent path", urllib.parse.quote(text, safe="/:@")
    escaped = json.dumps(text)[1:-1]
    yield "JSON", escaped
    yield "JSON upper", re.sub(r"\\u....", lambda code: "\\u" + code[0][2:].upper(), escaped)


def _base64_inner(raw: bytes, alignment: int) -> bytes:
    """Return the base64 digits that are the same whatever stands before and behind `raw`."""
    text = base64.b64encode(bytes(alignment) + raw).rstrip(b"=")
    first = (0, 2, 3)[alignment]
    # A last digit that has room for bits of what follows is not ours alone.
    return text[first:] if (alignment + len(raw)) % 3 == 0 else text[first:-1]


def _hashes(keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    hashed: np.ndarray[Any, Any] = (keys * _HASH_FACTOR) >> np.uint64(64 - _HASH_BITS)
    return hashed


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what unpacks at each place that looks like the head of compressed content, damaged ends let go."""
    for head in _HEADS.finditer(content):
        at = head.start()
        how = str(head.lastgroup)
        unpacker: Any = {
            "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
            "xz": lzma.LZMADecompressor,
            "bzip2": bz2.BZ2Decompressor,
            "zlib": zlib.decompressobj,
        }[how]()
        if unpacked := _unpack(unpacker, content[at : at + _MOST_UNPACKED_BYTES]):
            yield f"{how}@{at}", unpacked


def _unpack(unpacker: Any, packed: bytes) -> bytes:
    out: list[bytes] = []
    size = 0
    # In pieces, so that what came before a damage is kept.
    for at in range(0, len(packed), _PIECE_BYTES):
        try:
            out.append(unpacker.decompress(packed[at : at + _PIECE_BYTES]))
        except (zlib.error, lzma.LZMAError, OSError, EOFError):
            break
        size += len(out[-1])
        if unpacker.eof or size > _MOST_UNPACKED_BYTES:
            break
    return b"".join(out) if size >= SHORTEST_CHARS else b""


def _columns(connection: apsw.Connection) -> Iterator[tuple[str, str, list[bytes]]]:
    tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
    for table in tables:
        columns = [row[1] for row in connection.execute(f'pragma table_info("{table}")')]
        for column in columns:
            rows = connection.execute(f'select "{column}" from "{table}"')
            yield table, column, [_stored(value) for (value,) in rows if value is not None]


def _stored(value: str | bytes | float) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
