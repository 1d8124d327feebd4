"""The decisions: what is searched, opened, shown and prefilled. No HTTP here."""
