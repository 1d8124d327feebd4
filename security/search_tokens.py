"""Search tokens: what an engine gets in place of a name or a number. Source: docs/formats.md, section 3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count

from schemas.errors import ValidationFailedError
from schemas.fields import TOKEN_KINDS
from security.keys.lease import DomainKeys, EpochKeys
from security.sealing import Mac, derive, lp

TOKEN_BYTES = 8
SCOPE_BYTES = 16
# The version of `schemas.canonical` and `schemas.vietnamese`: another normal form needs other tokens.
NORMAL_FORM_VERSION = 1
SIZE_CLASSES = (32, 64, 128, 256)

TokenValue = tuple[str, tuple[str | bytes, ...]]
"""A token kind and the canonical parts of one value."""

# The people of an ingest come in several records each, close together in the source.
_tail = lru_cache(maxsize=1 << 14)(lp)
_LANES = [lp(lane) for lane in range(max(kind.lanes for kind in TOKEN_KINDS.values()))]


class UnknownTokenKindError(ValidationFailedError):
    """The field table has no such kind."""


class TooManyTokensError(ValidationFailedError):
    """A record makes more tokens than the largest size class holds."""


class SearchTokens:
    """Makes the tokens of one domain and epoch.

    Leaks: the engine sees which records share a token. Lanes spread a value that repeats over many tokens, dummies
    hide how many a record has; which tokens one query sends together is seen by who watches queries.
    """

    def __init__(self, domain: str, keys: EpochKeys) -> None:
        self._kinds = {
            name: Mac(derive(keys.idx, lp("hoso/token/1", domain, keys.epoch, name, NORMAL_FORM_VERSION)))
            for name in TOKEN_KINDS
        }
        self._lane = Mac(derive(keys.idx, lp("hoso/lane/1", domain, keys.epoch)))
        self._scopes: dict[str, bytes] = {}
        self._scope = Mac(derive(keys.idx, lp("hoso/scope/1", domain, keys.epoch)))

    def scope(self, agency: str) -> bytes:
        """Return the 16 bytes that stand for an agency in the engine."""
        found = self._scopes.get(agency)
        if found is None:
            # A read names all agencies in reach, some hundreds: computing them anew took longer than the search.
            found = self._scopes[agency] = self._scope(lp("scope", agency))[:SCOPE_BYTES]
        return found

    def query(self, kind: str, *parts: str | bytes) -> tuple[bytes, ...]:
        """Return the tokens of one value under every lane of its kind, 8 bytes each.

        Raises:
            UnknownTokenKindError: the field table has no such kind.
        """
        mac, tail = self._mac(kind), lp(*parts)
        return tuple(mac(_LANES[lane] + tail)[:TOKEN_BYTES] for lane in range(TOKEN_KINDS[kind].lanes))

    def record(self, record_id: bytes, values: Iterable[TokenValue]) -> bytes:
        """Return all tokens of a record: distinct, filled with dummies to a size class, ascending, 8 bytes each.

        Equal inputs give equal tokens, whatever the order of `values`: an update that changes one value changes
        one token, so that two snapshots do not tell real tokens from dummies.

        Raises:
            UnknownTokenKindError: the field table has no such kind.
            TooManyTokensError: over 256 distinct tokens; none is ever dropped.
        """
        tokens = {self._of_record(record_id, kind, parts) for kind, parts in values}
        size = next((size for size in SIZE_CLASSES if len(tokens) <= size), None)
        if size is None:
            raise TooManyTokensError(
                f"the record makes {len(tokens)} search tokens, more than {SIZE_CLASSES[-1]}: it names too many people"
            )
        for dummy in self._dummies(record_id):
            if len(tokens) == size:
                return b"".join(sorted(tokens))
            tokens.add(dummy)
        raise AssertionError  # The dummies never end.

    def _dummies(self, record_id: bytes) -> Iterator[bytes]:
        prefix = lp("dummy", record_id)
        for block in count():
            four = self._lane(prefix + lp(block))
            for start in range(0, len(four), TOKEN_BYTES):
                yield four[start : start + TOKEN_BYTES]

    def _of_record(self, record_id: bytes, kind: str, parts: tuple[str | bytes, ...]) -> bytes:
        mac, tail = self._mac(kind), _tail(*parts)
        lanes = TOKEN_KINDS[kind].lanes
        if lanes == 1:
            return mac(_LANES[0] + tail)[:TOKEN_BYTES]
        drawn = self._lane(lp("lane", record_id, kind) + tail)
        return mac(_LANES[int.from_bytes(drawn[:4], "big") % lanes] + tail)[:TOKEN_BYTES]

    def _mac(self, kind: str) -> Mac:
        try:
            return self._kinds[kind]
        except KeyError:
            raise UnknownTokenKindError(f"no token kind {kind!r} in the field table") from None


@lru_cache(maxsize=256)
def _search_tokens(domain: str, keys: EpochKeys) -> SearchTokens:
    return SearchTokens(domain, keys)


def current_tokens(keys: DomainKeys) -> SearchTokens:
    """Return the token maker that new records of a domain use."""
    return _search_tokens(keys.domain, keys.current)


def all_tokens(keys: DomainKeys) -> tuple[SearchTokens, ...]:
    """Return a token maker for each live epoch: a query sends the tokens of all."""
    return tuple(_search_tokens(keys.domain, epoch) for epoch in keys.epochs)
