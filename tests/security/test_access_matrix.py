"""The access matrix: every role, purpose and field of a person, written out; each cell is a test.

A new role, purpose, action or field without a row or column here fails. The default policy is what is tested.
"""

from typing import get_args

import pytest

from schemas.citizen import Person
from schemas.errors import NotPermittedError, PurposeNotRegisteredError
from schemas.fields import FIELD_CLASSES, FIELDS
from security.access_tokens import DEFAULT_SCOPES
from security.actor import ROLES, Actor
from security.masking import reveal
from security.policy import Action, Policy, Purpose
from security.policy_file import load_policy_file

# Columns, by class.
COLUMNS = {
    "basic": ("full_name", "born_on", "sex", "nationality"),
    "contact": ("phone", "email", "address", "occupation"),
    "identity": ("citizen_id", "old_id", "passport", "birthplace", "hometown"),
    "family": ("marital_status",),
    "sensitive": ("ethnicity", "religion"),
}

# C clear; m masked; n clear if the request names the field, else not shown; . not shown. "refused": there is no grant.
MATRIX = """
role       purpose             action           basic contact identity family sensitive
officer    dossier_processing  records.search   mm..  ....    mmm..    .      ..
officer    dossier_processing  records.get      mm..  ....    mmm..    .      ..
officer    dossier_processing  records.open     CCCC  CCCC    CCCCC    C      ..
officer    prefill             prefill          CCCC  CCCC    CCCCC    C      n.
officer    prefill             prefill.get      CCCC  CCCC    CCCCC    C      n.
officer    self_access         refused
officer    statistics          refused
officer    audit               refused
officer    ingest              refused
portal     dossier_processing  refused
portal     prefill             prefill          CCCC  CCCC    CCCCC    C      n.
portal     prefill             prefill.get      CCCC  CCCC    CCCCC    C      n.
portal     self_access         refused
portal     statistics          refused
portal     audit               refused
portal     ingest              refused
citizen    dossier_processing  refused
citizen    prefill             refused
citizen    self_access         records.get      CCCC  CCCC    CCCCC    C      CC
citizen    self_access         me.evidence      CCCC  CCCC    CCCCC    C      CC
citizen    self_access         me.access_log    ....  ....    .....    .      ..
citizen    statistics          refused
citizen    audit               refused
citizen    ingest              refused
reporter   dossier_processing  refused
reporter   prefill             refused
reporter   self_access         refused
reporter   statistics          stats            ....  ....    .....    .      ..
reporter   statistics          export           ....  ....    .....    .      ..
reporter   audit               refused
reporter   ingest              refused
auditor    dossier_processing  refused
auditor    prefill             refused
auditor    self_access         refused
auditor    statistics          refused
auditor    audit               audit            ....  ....    .....    .      ..
auditor    ingest              refused
ingester   dossier_processing  refused
ingester   prefill             refused
ingester   self_access         refused
ingester   statistics          refused
ingester   audit               refused
ingester   ingest              ingest           ....  ....    .....    .      ..
operator   dossier_processing  refused
operator   prefill             refused
operator   self_access         refused
operator   statistics          refused
operator   audit               refused
operator   ingest              ingest           ....  ....    .....    .      ..
operator   ingest              quarantine.list  ....  ....    .....    .      ..
operator   ingest              quarantine.show  CCCC  CCCC    CCCCC    C      CC
operator   ingest              erase            ....  ....    .....    .      ..
editor     dossier_processing  refused
editor     prefill             refused
editor     self_access         refused
editor     statistics          refused
editor     audit               refused
editor     ingest              refused
anonymous  dossier_processing  refused
anonymous  prefill             refused
anonymous  self_access         refused
anonymous  statistics          refused
anonymous  audit               refused
anonymous  ingest              refused
"""

# What ever reads a record, and whose: "own" the own agency's, "subject" those of the given person.
REACH = {
    ("officer", "records.search"): "own",
    ("officer", "records.get"): "own",
    ("officer", "records.open"): "own",
    ("officer", "prefill"): "subject",
    ("officer", "prefill.get"): "subject",
    ("portal", "prefill"): "subject",
    ("portal", "prefill.get"): "subject",
    ("citizen", "records.get"): "subject",
    ("citizen", "me.evidence"): "subject",
}

CLEAR = {
    "full_name": "Nguyễn Văn An",
    "born_on": "1987-05-02",
    "sex": "male",
    "nationality": "Việt Nam",
    "phone": "+84900000123",
    "email": "an@example.vn",
    "address": {"unit_code": "17329", "text": "xóm 3"},
    "occupation": "nông dân",
    "citizen_id": "001087000123",
    "old_id": "100000123",
    "passport": "B1234567",
    "birthplace": "xã A",
    "hometown": "xã B",
    "marital_status": "đã kết hôn",
    "ethnicity": "Kinh",
    "religion": "không",
}
# What a masked cell shows, and under which name.
MASKED = {
    "full_name": {"full_name": "N… V… An"},
    "born_on": {"birth_year": 1987},
    "citizen_id": {"citizen_id": "•••••••••123"},
    "old_id": {"old_id": "••••••123"},
    "passport": {"passport": "•••••567"},
}

ROWS = [line.split() for line in MATRIX.strip().splitlines()[1:]]
GRANTED = [(role, purpose, action, "".join(cells)) for role, purpose, action, *cells in ROWS if action != "refused"]
REFUSED = [(role, purpose) for role, purpose, action, *_ in ROWS if action == "refused"]
FIELD_ORDER = [name for names in COLUMNS.values() for name in names]
CELLS = [
    (role, purpose, action, name, mark)
    for role, purpose, action, marks in GRANTED
    for name, mark in zip(FIELD_ORDER, marks, strict=True)
]

POLICY = Policy.load()
RULES = load_policy_file(None).grant
ALL_SCOPES = frozenset().union(*DEFAULT_SCOPES.values())


class Tree:
    """One province with two agencies, and another province."""

    def domain_of(self, code):
        return code.partition(".")[0]

    def descendants(self, code):
        return (code,)

    def codes_of(self, domain):
        return tuple(code for code in ("H41.14", "H41.15", "H56.1") if self.domain_of(code) == domain)

    def domains(self):
        return ("H41", "H56")


def _decide(role, purpose, action):
    actor = Actor("u-1", f"local-{role}", role, agency="H41.14", subject="s-1", scopes=ALL_SCOPES)
    basis = "statutory_task" if role == "portal" else None
    return POLICY.decide(actor, action, purpose, legal_basis=basis, procedure="1.001193", agencies=Tree())


@pytest.mark.parametrize(("role", "purpose", "action", "name", "mark"), CELLS)
def test_a_cell_of_the_matrix_shows_what_it_says(role, purpose, action, name, mark):
    shown = {"C": {name: CLEAR[name]}, "m": MASKED.get(name), "n": {}, ".": {}}[mark]
    named = {name: CLEAR[name]} if mark in "Cn" else shown
    grant = _decide(role, purpose, action)
    assert reveal({name: CLEAR[name]}, grant) == shown
    assert reveal({name: CLEAR[name]}, grant, named=[name]) == named


@pytest.mark.parametrize(("role", "purpose"), REFUSED)
@pytest.mark.parametrize("action", get_args(Action))
def test_a_refused_row_is_refused_for_every_action(role, purpose, action):
    with pytest.raises((NotPermittedError, PurposeNotRegisteredError)):
        _decide(role, purpose, action)


@pytest.mark.parametrize(("role", "purpose", "action"), [row[:3] for row in GRANTED])
def test_a_granted_row_reaches_the_records_that_the_table_says_and_no_other(role, purpose, action):
    me, other = b"m" * 16, b"o" * 16
    grant = _decide(role, purpose, action)
    reach = REACH.get((role, action))
    assert grant.permits_record("H41.14", [other], [me]) is (reach == "own")
    assert grant.permits_record("H41.15", [other], [me]) is False
    assert grant.permits_record("H41.15", [me], [me]) is (reach == "subject")


def test_every_role_and_purpose_stands_in_the_matrix():
    stated = {(role, purpose) for role, purpose, *_ in ROWS}
    assert stated == {(role, purpose) for role in ROLES for purpose in get_args(Purpose)}
    assert not {(role, purpose) for role, purpose, *_ in GRANTED} & set(REFUSED)


def test_the_matrix_grants_what_the_policy_file_grants():
    in_file = {(rule.role, rule.purpose, action) for rule in RULES for action in rule.actions}
    assert in_file == {row[:3] for row in GRANTED}
    assert {action for _, _, action in in_file} == set(get_args(Action))


def test_every_field_of_the_table_and_of_a_person_has_its_column():
    assert {name: FIELDS[name].field_class for name in FIELDS} == {
        name: field_class for field_class, names in COLUMNS.items() for name in names
    }
    assert set(COLUMNS) == set(FIELD_CLASSES)
    assert set(FIELD_ORDER) == set(Person.model_fields)


def test_no_role_but_operators_at_the_quarantine_and_citizens_themselves_sees_a_sensitive_field_unasked():
    marked = {(role, action) for role, _, action, marks in GRANTED if "C" in marks[-2:] or "m" in marks[-2:]}
    citizen = {("citizen", action) for action in ("records.get", "me.evidence")}
    assert marked == citizen | {("operator", "quarantine.show")}
