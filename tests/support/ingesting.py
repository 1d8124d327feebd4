"""What tests of ingest ask of the answers to lines, and of the vault."""

from __future__ import annotations

from support.rows import MOTHER_ID

OTHER = "H41.14-231107-0002"


def statuses(results):
    return [result.status for result in results]


def codes(results):
    return [result.error.code if result.error else None for result in results]


def subject(home, number=MOTHER_ID):
    return home.refs().subject("citizen_id", number)


def all_links(home, *numbers):
    return home.vault.links.links_of("H41", [home.refs().subject(kind, number) for kind, number in numbers])
