"""What the data means: record models, canonical forms, the field table, errors, settings. Imports nothing of ours."""
