"""Which papers prove that two references are one person. Source: design, section 4.2."""

from __future__ import annotations

from indexer.document import Document
from schemas.paper import Paper
from security.keys import DomainKeys
from security.references import references
from security.vault.rows import IdentityLink

# Papers of lesser assurance are what somebody claims: they link nothing.
_PROVING = ("issued_result", "verified_copy")
# Birth certificate, in the national list of results.
BIRTH_CERTIFICATE = "KQ.G15.000031"


def links_of_paper(paper: Paper, document: Document, keys: DomainKeys) -> list[IdentityLink]:
    """Return the links that a paper proves: a holder's old number to the new one, a newborn to the number given.

    That name and birth date agree is checked whenever a link is followed, against what the records then say.
    """
    if paper.assurance not in _PROVING:
        return []
    refs = references(keys)
    links = []
    for holder in paper.holders:
        if not holder.citizen_id:
            continue
        person = refs.subject("citizen_id", holder.citizen_id)
        if person not in document.references:
            # Erased: nothing is kept that leads to this number.
            continue
        if holder.old_id:
            old = refs.subject("old_id", holder.old_id)
            links.append(IdentityLink(keys.domain, old, person, "old_id", document.record_id, "proven"))
        if paper.kind == BIRTH_CERTIFICATE and paper.dossier_code:
            newborn = refs.role("dossier", paper.dossier_code, "child", 0)
            links.append(IdentityLink(keys.domain, newborn, person, "newborn", document.record_id, "proven"))
    return links
