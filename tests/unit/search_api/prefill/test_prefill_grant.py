"""Prefill under its grant: what is withheld or refused, the audit entry, the stored answer."""

import asyncio

import msgspec
import pytest
from support.prefill_world import (
    AN,
    AN_OLD_ID,
    BINH,
    KEYS,
    TREE,
    Desk,
    a_family,
    field_at,
    reference,
    request_for,
    statuses,
)

from schemas.errors import (
    EnvelopeError,
    FieldNotAllowedError,
    ProcedureNotFoundError,
    RecordNotFoundError,
    SourceUnavailableError,
    ValidationFailedError,
)
from security.keys.lease import KeyLease


@pytest.fixture
def world():
    return a_family()


@pytest.fixture
def desk(world):
    return Desk(world)


# ---------------------------------------------------------------- the grant


def test_sensitive_fields_are_withheld_unless_named(desk):
    silent = field_at(desk.ask("1.001612"), "/applicant/ethnicity")
    assert (silent.status, silent.value, silent.reason.code) == ("withheld", None, "sensitive_not_named")
    assert silent.alternatives == ()
    named = field_at(desk.ask("1.001612", fields=["/applicant/ethnicity"]), "/applicant/ethnicity")
    assert (named.status, named.value, named.classification) == ("filled", "Kinh", "sensitive")


def test_even_who_may_see_the_class_must_name_a_sensitive_field(world):
    desk = Desk(world, clear=frozenset({"basic", "sensitive"}))
    assert statuses(desk.ask("1.001612"))["/applicant/ethnicity"] == "withheld"


def test_a_class_outside_the_purpose_is_withheld(world):
    answer = Desk(world, clear=frozenset({"basic"})).ask("1.004873")
    assert statuses(answer)["/applicant/full_name"] == "filled"
    for pointer in ("/applicant/citizen_id", "/applicant/address", "/marriage/certificate_number"):
        assert (statuses(answer)[pointer], field_at(answer, pointer).reason.code) == ("withheld", "outside_purpose")


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [({"by_name": frozenset()}, "/applicant/ethnicity"), ({"clear": frozenset({"basic"})}, "/applicant/phone")],
)
def test_a_named_field_that_the_purpose_does_not_cover_is_refused_before_any_look_up(world, policy, pointer):
    desk = Desk(world, **policy)
    with pytest.raises(FieldNotAllowedError) as refused:
        desk.ask("1.001612", fields=[pointer])
    assert refused.value.pointer == pointer
    assert (world.asked, desk.audited) == ([], [])


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"fields": ["/applicant/full_name", "/applicant/blood"]}, "/fields/1"),
        ({"components": ["so-ho-khau"]}, "/components/0"),
        ({"case": "khac"}, "/case"),
        ({"persons": {"witness": BINH}}, "/persons/0/role"),
    ],
)
def test_what_the_procedure_does_not_have_is_refused_before_any_look_up(desk, more, pointer):
    with pytest.raises(ValidationFailedError) as refused:
        desk.ask("1.001193", **more)
    assert refused.value.pointer == pointer
    assert desk.world.asked == []


def test_a_procedure_without_a_form_is_not_found(desk):
    with pytest.raises(ProcedureNotFoundError):
        desk.ask("2.000815")


def test_each_number_is_looked_up_once(desk):
    desk.ask("1.001193", AN, persons={"mother": BINH, "father": AN})
    assert [one.number for one in desk.world.asked] == [AN["citizen_id"], BINH["citizen_id"]]


def test_an_old_number_or_a_passport_is_looked_up_as_such(desk):
    for id_type, number, kind in (("CMND", AN_OLD_ID, "old_id"), ("passport", "C1234567", "passport")):
        desk.ask("1.004873", {"id_type": id_type, "id": number})
        assert (desk.world.asked[-1].kind, desk.world.asked[-1].number) == (kind, number)


# ---------------------------------------------------------------- audit and the stored answer


def test_the_audit_entry_names_what_was_shown_and_whose_it_was(desk, world):
    answer = desk.ask("1.004873", AN)
    (trace,) = desk.audited
    assert answer.audit_entry == "1"
    assert set(trace.subjects) == {reference("citizen_id", one["citizen_id"]).hex() for one in (AN, BINH)}
    assert set(trace.fields) == {"basic", "contact", "family", "identity"}
    shown = {one.record_id.hex() for one in world.records if one.shared.get("id") in ("CARD-AN", "WEDDING")}
    assert shown <= set(trace.records)
    assert trace.outcome == "allowed"


def test_a_record_that_was_opened_and_not_shown_is_counted(desk, world):
    world.dossier({**AN, "full_name": "Lê Thị Hoa"})
    desk.ask("1.004873", AN, fields=["/applicant/sex"], components=[])
    (trace,) = desk.audited
    assert (len(trace.records), trace.opened) == (1, 4)


def test_without_an_audit_entry_nothing_is_answered_or_kept(desk):
    async def refuse(trace):
        raise SourceUnavailableError("the log does not answer")

    lease = KeyLease({"H41": KEYS})
    answer = desk.service.prefill(request_for("1.004873"), desk.grant, lease, client="local-portal", audit=refuse)
    with pytest.raises(SourceUnavailableError):
        asyncio.run(answer)
    assert desk.store.rows == {}


def test_an_answer_can_be_read_again_and_each_read_is_an_entry(desk):
    first = desk.ask("1.004873", AN)
    again = desk.again(first.id)
    assert again.audit_entry == "2"
    assert msgspec.structs.replace(again, audit_entry="1") == first
    assert desk.audited[0] == desk.audited[1]


def test_an_answer_expires(desk):
    first = desk.ask("1.004873", AN)
    assert first.expires_at == "2026-11-23T02:30:00Z"
    desk.later(29)
    desk.again(first.id)
    desk.later(1)
    with pytest.raises(RecordNotFoundError):
        desk.again(first.id)


def test_another_client_cannot_read_an_answer_nor_learn_that_it_is_there(desk):
    first = desk.ask("1.004873", AN)
    with pytest.raises(RecordNotFoundError) as other:
        desk.again(first.id, client="other-portal")
    with pytest.raises(RecordNotFoundError) as unknown:
        desk.again("0" * 32)
    assert str(other.value) == str(unknown.value)
    assert len(desk.audited) == 1


def test_a_stored_answer_is_sealed_and_bound_to_its_people(desk):
    first = desk.ask("1.004873", AN)
    row = desk.store.rows[first.id]
    for text in ("Nguyễn", "0912", AN["citizen_id"], "CARD-AN"):
        assert text.encode() not in row.sealed
    changed = bytes([*row.sealed[:2], row.sealed[2] ^ 1, *row.sealed[3:]])
    for sealed in (changed, b"", b"\0", row.sealed[:40], row.sealed[:-1]):
        desk.store.rows[first.id] = type(row)(row.id, row.client, row.expires_at, sealed)
        with pytest.raises(EnvelopeError):
            desk.again(first.id)


def test_an_answer_given_out_under_another_id_does_not_open(desk):
    first, second = desk.ask("1.004873", AN), desk.ask("1.004873", BINH)
    row = desk.store.rows[first.id]
    desk.store.rows[second.id] = type(row)(second.id, row.client, row.expires_at, row.sealed)
    with pytest.raises(EnvelopeError):
        desk.again(second.id)


def test_the_answer_has_the_shape_of_the_contract(desk):
    answer = msgspec.json.decode(msgspec.json.encode(desk.ask("1.004873", AN)))
    assert list(answer) == [
        "id", "expires_at", "procedure", "status", "fields", "components", "papers_saved", "issues", "sources",
        "audit_entry",
    ]  # fmt: skip
    assert answer["procedure"] == {"code": "1.004873", "version": "1"}
    assert list(answer["fields"][0]) == [
        "pointer", "value", "status", "source", "assurance", "classification", "valid_until", "confidence", "reason",
        "alternatives",
    ]  # fmt: skip
    assert answer["fields"][0]["source"] == {
        "dossier_code": None,
        "paper_id": "CARD-AN",
        "issuer": TREE.agency("H41.14").name,
        "issued_on": "2024-03-01",
    }
    (card,) = [one for one in answer["components"] if one["code"] == "giay-to-tuy-than"]
    assert list(card) == ["code", "name", "required", "status", "evidence", "reason"]
    assert card["evidence"][0]["kpi"] == {
        "DuocSoHoa": 0, "DuocTaiSuDung": 1, "DuocLayTuKhoDMQG": 0, "MaKetQuaThayThe": "",
    }  # fmt: skip
    assert answer["sources"][0]["system"] == "hoso"
