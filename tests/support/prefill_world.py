"""A small world of records for prefill: lines go through the real models and sections, and are found without an engine.

Nobody here is real: numbers are made up within the structure of real ones.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from indexer.agencies import AgencyTree
from indexer.document import document_of_dossier, document_of_paper
from schemas.dossier import Dossier
from schemas.paper import Paper
from schemas.prefill import PrefillRequest
from search_api.services.opened import OpenedPerson, OpenedRecord
from search_api.services.prefill.answers import StoredAnswers
from search_api.services.prefill.service import Prefill
from search_api.services.record_access import PersonRecords
from security.access_tokens import DEFAULT_SCOPES
from security.actor import Actor
from security.keys.lease import DomainKeys, EpochKeys, KeyLease
from security.policy import Policy
from security.references import references
from security.transient import TransientSealer

KEYS = DomainKeys("H41", b"r" * 32, (EpochKeys(1, b"k" * 32, b"i" * 32, b"h" * 32),))
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TREE = AgencyTree.built_in()

AN = {"citizen_id": "040087001234", "full_name": "Nguyễn Văn An", "born_on": "1987-05-02"}
BINH = {"citizen_id": "040189004321", "full_name": "Trần Thị Bình", "born_on": "1989-09-12"}
CUC = {"citizen_id": "040318000777", "full_name": "Nguyễn Thu Cúc", "born_on": "2018-03-04"}
AN_OLD_ID = "186123456"
VINH = {"unit_code": "16681", "text": "số 5, phường Thành Vinh, tỉnh Nghệ An"}

BIRTH, MARRIAGE, DEATH = "KQ.G15.000031", "KQ.G15.000032", "KQ.H41.900001"
MARITAL, RESIDENCE, CARD, LAND = "KQ.H41.900002", "KQ.H41.900005", "KQ.H41.900006", "KQ.H41.900007"


def reference(id_type, number):
    return references(KEYS).subject(id_type, number)


@dataclass
class World:
    """Records, and the links between numbers; what prefill asks `RecordAccess` for."""

    records: list = field(default_factory=list)
    links: dict = field(default_factory=dict)
    more: bool = False
    asked: list = field(default_factory=list)

    def paper(self, kind, *holders, assurance="issued_result", issued_on="2024-03-01", data=None, **more):
        """Add a paper held by `holders`; what its data says of the first holder is what the holder's line says."""
        line = {
            "id": more.pop("id", f"P{len(self.records) + 1}"),
            "kind": kind,
            "issuer": "H41.14",
            "version": 1,
            "holders": list(holders),
            "assurance": assurance,
            "issued_on": issued_on,
            "data": data or {},
            **more,
        }
        self.records.append(document_of_paper(Paper.model_validate(line), KEYS))
        return line["id"]

    def dossier(self, applicant, *persons, day="2025-08-01", **more):
        """Add a dossier filed on `day`."""
        number = len(self.records) + 1
        line = {
            "code": f"H41.14-{day[2:4]}{day[5:7]}{day[8:]}-{number:04}",
            "procedure_code": "1.001193",
            "agency": "H41.14",
            "version": 1,
            "received_at": f"{day}T08:00:00+07:00",
            "applicant": applicant,
            "persons": list(persons),
            **more,
        }
        self.records.append(document_of_dossier(Dossier.model_validate(line), KEYS))
        return line["code"]

    def link(self, old_id, citizen_id):
        """Link two numbers, as an issued paper that shows both does."""
        old, new = reference("old_id", old_id), reference("citizen_id", citizen_id)
        self.links.setdefault(old, set()).add(new)
        self.links.setdefault(new, set()).add(old)

    def records_of_person(self, number, _grant, _lease):
        """Return the records of a person: of dossiers that person's section, of papers all sections."""
        self.asked.append(number)
        own = frozenset({reference(number.kind, number.number)})
        linked = frozenset().union(*(self.links.get(one, set()) for one in own))
        found = [one for one in self.records if not (own | linked).isdisjoint(_persons(one))]
        return PersonRecords(
            own=tuple(_opened(one, own | linked) for one in found if not own.isdisjoint(_persons(one))),
            linked=tuple(_opened(one, own | linked) for one in found if own.isdisjoint(_persons(one))),
            references=own,
            linked_references=linked,
            more=self.more,
        )


def a_family():
    """An and Bình are married and have Cúc; all have cards or certificates."""
    made = World()
    made.paper(
        CARD, AN, id="CARD-AN", number=AN["citizen_id"], valid_until="2027-05-02",
        data={"sex": "male", "ethnicity": "Kinh", "nationality": "Việt Nam", "address": VINH, "hometown": "Nghệ An"},
    )  # fmt: skip
    made.paper(
        CARD, BINH, id="CARD-BINH", number=BINH["citizen_id"], valid_until="2029-09-12",
        data={"sex": "female", "ethnicity": "Thái", "nationality": "Việt Nam", "address": VINH},
    )  # fmt: skip
    made.paper(
        MARRIAGE, AN, BINH, id="WEDDING", number="12/2015", issued_on="2015-10-10", permanent=True,
        title="Giấy chứng nhận kết hôn", data={"registered_on": "10/10/2015", "spouse": BINH},
    )  # fmt: skip
    made.paper(
        BIRTH, CUC, id="BIRTH-CUC", number="77/2018", issued_on="2018-04-01", permanent=True,
        data={"sex": "female", "ethnicity": "Kinh", "nationality": "Việt Nam", "mother": BINH, "father": AN},
    )  # fmt: skip
    made.dossier(
        {**AN, "full_name": "NGUYEN VAN AN", "phone": "0912 345 678", "email": "An@Example.vn", "address": VINH},
        {"role": "spouse", **BINH, "phone": "0987654321"},
    )
    return made


def _persons(document):
    return [one.reference for one in document.people]


def _opened(document, whom):
    people = [
        OpenedPerson(one.reference, one.plaintext())
        for one in document.people
        if document.collection == "paper" or one.reference in whom
    ]
    return OpenedRecord(
        document.collection,
        document.record_id,
        document.domain,
        document.agency,
        document.version,
        dict(document.shared),
        tuple(people),
        tuple(_persons(document)),
    )


class FakePrefillStore:
    """Keeps stored answers in a dictionary."""

    def __init__(self):
        self.rows = {}

    def save(self, answer):
        self.rows[answer.id] = answer

    def find(self, prefill_id, now):
        row = self.rows.get(prefill_id)
        return row if row is not None and now < row.expires_at else None

    def drop_expired(self, now):
        expired = [key for key, row in self.rows.items() if row.expires_at <= now]
        for key in expired:
            del self.rows[key]
        return len(expired)


class Desk:
    """A prefill service over a world, with a clock that can be moved and a list in the place of the audit log."""

    def __init__(self, world, **policy):
        self.world = world
        self.now = NOW
        self.audited = []
        self.store = FakePrefillStore()
        answers = StoredAnswers(self.store, TransientSealer(b"t" * 32))
        self.service = Prefill(world, TREE, answers, lambda: self.now)
        self.grant = portal_grant(**policy)

    def ask(self, procedure, subject=AN, *, persons=(), client="local-portal", **more):
        """Return the answer to a request about `subject`, and `persons` by role."""
        request = request_for(procedure, subject, persons=persons, **more)
        lease = KeyLease({"H41": KEYS})
        return asyncio.run(self.service.prefill(request, self.grant, lease, client=client, audit=self.audit))

    def again(self, prefill_id, client="local-portal"):
        """Return a stored answer."""
        return asyncio.run(self.service.stored(prefill_id, client=client, audit=self.audit))

    def later(self, minutes):
        """Move the clock."""
        self.now += timedelta(minutes=minutes)

    async def audit(self, trace):
        self.audited.append(trace)
        return str(len(self.audited))


def request_for(procedure, subject=AN, *, persons=(), **more):
    """Return a request; people are named by their citizen ids, the subject by any number."""
    number = {"id_type": "CCCD", "id": subject["citizen_id"]} if "citizen_id" in subject else subject
    return PrefillRequest.model_validate(
        {
            "procedure": procedure,
            "subject": number,
            "persons": [
                {"role": role, "id_type": "CCCD", "id": person["citizen_id"]} for role, person in dict(persons).items()
            ],
            "purpose": "prefill",
            "legal_basis": "statutory_task",
            **more,
        }
    )


def portal_grant(**changes):
    """Return what the default policy grants the local portal."""
    actor = Actor("portal", "local-portal", "portal", scopes=DEFAULT_SCOPES["portal"])
    grant = Policy.load().decide(actor, "prefill", "prefill", legal_basis="statutory_task", agencies=TREE)
    return replace(grant, **changes)


def field_at(answer, pointer):
    """Return one field of an answer."""
    (found,) = [one for one in answer.fields if one.pointer == pointer]
    return found


def component(answer, code):
    """Return one component of an answer."""
    (found,) = [one for one in answer.components if one.code == code]
    return found


def statuses(answer):
    """Return the status of each field of an answer, by its pointer."""
    return {one.pointer: one.status for one in answer.fields}
