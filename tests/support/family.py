"""A mother whose life is on record, and what finds her: what erasures are tried on."""

from __future__ import annotations

from support.erasing import ACTOR, facts_of
from support.rows import FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper, make_person

from indexer.erasure import erase_person

OWN = "H41.14-240101-0002"
OLD = "H41.14-120101-0003"
MOTHER = make_person(phone="0912345678", old_id=OLD_ID)
IDENTITY_CARD = make_paper(
    id="card", kind="KQ.G15.000099", number="C-1", holders=[MOTHER], data=None, dossier_code=None
)


def family(home):
    """The mother's life: a birth, a dossier of her own, one under her old number, and the paper that links the two."""
    home.put(
        make_birth(applicant=MOTHER),
        make_dossier(code=OWN, applicant=MOTHER, form={"note": "gấp"}),
        make_dossier(
            code=OLD,
            applicant=make_person(citizen_id=None, old_id=OLD_ID),
            persons=[{"role": "buyer", "citizen_id": FATHER_ID, "full_name": "Trần Văn Hùng", "born_on": "1985-03-04"}],
        ),
    )
    home.put_paper(make_paper(), IDENTITY_CARD)


def erase(parts, number=MOTHER_ID, step=lambda _: None):
    return facts_of(erase_person(number, parts, ACTOR, "trace", step), parts)


def ids(home, *codes, collection="dossier"):
    return {home.refs().record(collection, code) for code in codes}


def found_as_mother(home):
    """Return every record that any key of hers finds."""
    subject = home.refs().subject("citizen_id", MOTHER_ID)
    old = home.refs().subject("old_id", OLD_ID)
    name = "nguyen thi hong nhung"
    keys = [
        ("subject", subject),
        ("subject", old),
        ("old_id", old),
        ("phone", "+84912345678"),
        ("phone_tail", "345678", "nhung"),
        ("id_tail", MOTHER_ID[-4:], "nhung", "1987"),
        ("name", name),
        ("name_year", name, "1987"),
        ("name_ends_year", "nguyen", "nhung", "1987"),
        ("name_day", name, "05-02"),
    ]
    dossiers = {one for key in keys for one in home.find(*key)}
    papers = {one for key in keys for one in home.find(*key, collection="paper")}
    return dossiers | papers
