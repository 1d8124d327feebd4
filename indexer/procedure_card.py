"""The card of a procedure: what lists, filters, rankings and snippets need, so that a search opens no body."""

from __future__ import annotations

import msgspec

from schemas.procedure import Procedure
from schemas.search import FacetName

_MAX_GIST_CHARS = 600


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """One procedure in a list. `gist` is what snippets are cut from, `uses` how often it is filed in a year."""

    id: str
    name: str
    code: str | None = None
    domain: str = ""
    agency: str = ""
    level: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    time_limit: str = ""
    fee: str = ""
    other_names: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    gist: str = ""
    uses: int = 0

    def facet(self, facet: FacetName) -> tuple[str, ...]:
        """Return the values of one facet; none where nothing is known."""
        value: str | tuple[str, ...] = getattr(self, facet)
        return (value,) if isinstance(value, str) and value else tuple(value)


def make_card(procedure: Procedure) -> Card:
    """Return the card of a procedure."""
    return Card(
        id=procedure.item_id,
        name=procedure.name,
        code=procedure.code,
        domain=procedure.domain,
        agency=procedure.agency,
        level=procedure.level,
        audience=procedure.audience,
        channel=procedure.channels,
        time_limit=procedure.time_limit,
        fee=procedure.fee,
        other_names=procedure.other_names,
        keywords=procedure.keywords,
        gist=_gist(procedure),
        uses=procedure.uses,
    )


def _gist(procedure: Procedure) -> str:
    """Return what the procedure is about in a few lines: its summary, results, conditions and papers."""
    papers = (document.name for document in procedure.documents)
    parts = [procedure.summary, *procedure.result, procedure.conditions, *papers]
    return "\n".join(filter(None, parts))[:_MAX_GIST_CHARS]
