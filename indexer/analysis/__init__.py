"""Vietnamese text to terms, and the reading of queries. The same analysis serves indexing and searching."""
