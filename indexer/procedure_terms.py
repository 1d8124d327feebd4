"""Which text of a procedure stands in which field of the index, and what a match there counts.

One table for both sides: the terms of a procedure and the weighted terms of a query come from the same rows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from indexer.analysis.query import WeightedTerms
from indexer.analysis.terms import ANALYSIS_VERSION, Terms, index_terms
from indexer.engines.procedures import BlindTerm
from security.catalogue import CatalogueCipher

Form = Literal["accented", "folded", "bigrams"]
Text = Literal["name", "keywords", "domain", "body"]

# What comes first in a long text says what it is about; 1 in 13 procedures is longer than this.
_MAX_BODY_CHARS = 6_000


@dataclass(frozen=True, slots=True)
class Field:
    """One field: forms of the terms of one text, and the factor of its BM25 score."""

    text: Text
    forms: tuple[Form, ...]
    boost: float


FIELDS: dict[str, Field] = {
    "name_accented": Field("name", ("accented",), 1.0),
    "name_folded": Field("name", ("folded",), 2.0),
    "name_bigrams": Field("name", ("bigrams",), 3.0),
    "keywords": Field("keywords", ("folded", "bigrams"), 1.5),
    "domain": Field("domain", ("folded",), 0.8),
    "body_folded": Field("body", ("folded",), 0.5),
    "body_bigrams": Field("body", ("bigrams",), 1.0),
}

# Whatever changes the terms of a procedure changes this, and with it every index is built anew.
TERMS_RECIPE = f"analysis {ANALYSIS_VERSION}, fields 1"


def plain_terms(content: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return field -> terms of one procedure, in the clear. Only for memory: an engine is given blinded ones.

    Args:
        content: `Procedure.content`, as it was sealed: checked when it came in, so it is not checked again.
    """
    other_names = (*content.get("keywords", ()), *content.get("former_names", ()), content.get("name_alt", ""))
    texts = {
        "name": index_terms(content["name"]),
        "keywords": index_terms("\n".join(other_names)),
        "domain": index_terms(content.get("domain", "")),
        "body": index_terms(_body(content)),
    }
    return {name: list(_of_forms(texts[field.text], field.forms)) for name, field in FIELDS.items()}


def _of_forms(terms: Terms, forms: tuple[Form, ...]) -> Iterator[str]:
    return chain.from_iterable(getattr(terms, form) for form in forms)


def _body(content: Mapping[str, Any]) -> str:
    """Return what is searched beside names, the most telling first."""
    papers = (document.get("name", "") for document in content.get("documents", ()))
    laws = (law.get("number", "") for law in content.get("legal_basis", ()))
    summary, agency, steps = (content.get(key, "") for key in ("summary", "agency", "steps"))
    parts = (summary, *content.get("result", ()), agency, *papers, *laws, steps)
    return "\n".join(filter(None, parts))[:_MAX_BODY_CHARS]


class Blinder:
    """Blinds terms, each word of a field once: a catalogue repeats the same few thousand words."""

    def __init__(self, cipher: CatalogueCipher) -> None:
        self._words = {name: _Blinded(cipher, name) for name in FIELDS}

    def __call__(self, terms: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return field -> blinded terms."""
        return {name: list(map(self._words[name].__getitem__, words)) for name, words in terms.items()}


class _Blinded(dict[str, str]):
    def __init__(self, cipher: CatalogueCipher, field: str) -> None:
        super().__init__()
        self._blind: Callable[[str, str], str] = cipher.blind
        self._field = field

    def __missing__(self, term: str) -> str:
        blinded = self[term] = self._blind(self._field, term)
        return blinded


def query_terms(wanted: WeightedTerms) -> dict[str, dict[str, float]]:
    """Return field -> term -> weight of a read query, in the clear, boosts included."""
    return {
        name: {
            term: weight * field.boost
            for form in field.forms
            for term, weight in getattr(wanted, form).items()
            if weight > 0
        }
        for name, field in FIELDS.items()
    }


def blind_query(terms: dict[str, dict[str, float]], cipher: CatalogueCipher) -> list[BlindTerm]:
    """Return the terms of a query as an engine takes them."""
    return [
        BlindTerm(name, cipher.blind(name, term), weight)
        for name, weights in terms.items()
        for term, weight in weights.items()
    ]
