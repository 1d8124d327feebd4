"""Prefill: a new dossier filled from what a person gave before, and the papers that need not be handed in again."""
