"""Records in: lines of NDJSON files and streams, rows of tables; each with its place, each fault with a code."""

from indexer.sources.lines import MAX_LINE_BYTES, Line, iter_lines, split_lines
from indexer.sources.rows import RowError, SourceError, read_object, row_error
from indexer.sources.tables import is_table, read_rows

__all__ = [
    "MAX_LINE_BYTES",
    "Line",
    "RowError",
    "SourceError",
    "is_table",
    "iter_lines",
    "read_object",
    "read_rows",
    "row_error",
    "split_lines",
]
