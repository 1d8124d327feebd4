"""The embedded engine: SQLite for records, tantivy for procedures, in the process."""
