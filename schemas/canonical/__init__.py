"""Canonical forms: the one spelling under which a value is stored, compared and made into search tokens.

Each form is a function from text to text (dates and codes too). It is idempotent, and whatever it is given it either
answers or raises `CanonicalFormError`, whose `reason` is a short stable code and whose message holds no value.

"""

from schemas.canonical.codes import (
    ProcedureCode,
    agency_code,
    document_number,
    dossier_code,
    procedure_code,
    result_kind,
)
from schemas.canonical.contact import address_text, email, phone
from schemas.canonical.dates import dates_agree, partial_date
from schemas.canonical.identity import CitizenIdFacts, citizen_id, citizen_id_facts, old_id, passport
from schemas.canonical.names import (
    NameParts,
    full_name,
    name_parts,
    names_agree,
    one_syllable_deletions,
    phonetic_key,
    sorted_syllables,
)

__all__ = [
    "CitizenIdFacts",
    "NameParts",
    "ProcedureCode",
    "address_text",
    "agency_code",
    "citizen_id",
    "citizen_id_facts",
    "dates_agree",
    "document_number",
    "dossier_code",
    "email",
    "full_name",
    "name_parts",
    "names_agree",
    "old_id",
    "one_syllable_deletions",
    "partial_date",
    "passport",
    "phone",
    "phonetic_key",
    "procedure_code",
    "result_kind",
    "sorted_syllables",
]
