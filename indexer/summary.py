"""What became of the lines of one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from indexer.sources.rows import RowError

# Sources have dozens; one that puts values into keys must not fill the memory.
_MOST_UNKNOWN_KEYS = 200

LineStatus = Literal["indexed", "unchanged", "stale", "refused"]


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line.

    Attributes:
        line: its number in the source, from 1.
        offset: its first byte in the source.
        id: the record's id (hex) or the procedure's item id; None where the line was refused before it had one.
        error: set where the line was refused.
        warnings: codes such as `unknown_procedure`.
    """

    line: int
    offset: int
    status: LineStatus
    id: str | None = None
    error: RowError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Summary:
    """Counts of one run; can be saved and gone on with."""

    accepted: int = 0
    unchanged: int = 0
    stale: int = 0
    refused: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    unknown_keys: Counter[str] = field(default_factory=Counter)

    def add(self, result: LineResult) -> None:
        """Count one line."""
        if result.status == "indexed":
            self.accepted += 1
        elif result.status == "unchanged":
            self.unchanged += 1
        elif result.status == "stale":
            self.stale += 1
        else:
            self.refused += 1
        self.warnings.update(result.warnings)

    def add_unknown_keys(self, keys: Counter[str]) -> None:
        """Count keys that are not known; beyond the first 200 names all others under "?"."""
        for key, count in keys.items():
            named = key in self.unknown_keys or len(self.unknown_keys) < _MOST_UNKNOWN_KEYS
            self.unknown_keys[key if named else "?"] += count

    @property
    def lines(self) -> int:
        """All lines seen."""
        return self.accepted + self.unchanged + self.stale + self.refused

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON holds them."""
        return {
            "accepted": self.accepted,
            "unchanged": self.unchanged,
            "stale": self.stale,
            "refused": self.refused,
            "warnings": dict(self.warnings),
            "unknown_keys": dict(self.unknown_keys),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Summary:
        """Return the counts that `to_json` wrote."""
        counts = {name: int(saved[name]) for name in ("accepted", "unchanged", "stale", "refused")}
        return cls(**counts, warnings=Counter(saved["warnings"]), unknown_keys=Counter(saved["unknown_keys"]))
