"""The vault: the trusted database. `base` says what it stores, `sqlite` is the one file that comes by default."""
