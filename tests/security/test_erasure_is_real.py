"""After an erasure the person is in no answer and in no byte; what backups hold opens with no key that is left."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.erasing import ACTOR, eraser
from support.home import Home
from support.rows import CODE, FATHER_ID, MOTHER_ID, OLD_ID, make_birth, make_dossier, make_paper, make_person

from indexer.engines.records import COLLECTIONS
from indexer.erasure import erase_person
from schemas.prefill import PrefillRequest
from schemas.query import any_term
from schemas.vietnamese import fold
from search_api.services.prefill.answers import StoredAnswers
from search_api.services.prefill.service import Prefill
from search_api.services.record_access import PersonNumber, RecordAccess
from security.actor import Actor
from security.envelope import open_header, open_slot, read_place
from security.keys import KeyRing
from security.policy import Policy
from security.search_tokens import TOKEN_BYTES, all_tokens
from security.subject_keys import find_section_keys
from security.transient import TransientSealer
from security.vault.rows import StoredPrefill
from security.vault.sqlite import SqliteVault

MOTHER = make_person(
    phone="0912345678",
    old_id=OLD_ID,
    email="hong.nhung.1987@example.vn",
    address={"unit_code": "17329", "text": "Xóm Đông Hồ, xã Nghi Phú"},
    ethnicity="Thổ Nguồn Sáng",
)
HERS = [
    MOTHER_ID,
    OLD_ID,
    "Nguyễn Thị Hồng Nhung",
    "+84912345678",
    "0912345678",
    "hong.nhung.1987@example.vn",
    "Xóm Đông Hồ, xã Nghi Phú",
    "Thổ Nguồn Sáng",
    "1987-05-02",
]
OWN = "H41.14-240101-0002"
OLD = "H41.14-120101-0003"
CARD = "card"


def fill(home):
    home.put(
        make_birth(applicant=MOTHER),
        make_dossier(code=OWN, applicant=MOTHER),
        make_dossier(code=OLD, applicant=make_person(citizen_id=None, old_id=OLD_ID)),
    )
    home.put_paper(
        make_paper(),
        make_paper(id=CARD, kind="KQ.G15.000099", number="C-1", holders=[MOTHER], data=None, dossier_code=None),
    )


def erase(home, step=lambda _: None):
    with eraser(home) as parts:
        return erase_person(MOTHER_ID, parts, ACTOR, "trace", step)


def contents(home):
    return {path.name: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}


def places(home, wanted):
    return [name for name, content in contents(home).items() if wanted in content]


# ---------------------------------------------------------------- in no answer


@pytest.fixture
def answers(home):
    """Return what prefill and self-access find of a number."""
    keys = home.keys
    access = RecordAccess(home.records, home.vault.keys, home.vault.links, home.agencies)
    citizen = Actor("citizen", "citizen", "citizen", subject="opaque", scopes=frozenset({"citizen"}))
    client = Actor("local-portal", "local-portal", "portal", scopes=frozenset({"prefill"}))
    policy, tree = Policy.load(None), home.agencies.tree
    own = policy.decide(citizen, "me.evidence", "self_access", agencies=tree)
    stored = StoredAnswers(home.vault.prefills, TransientSealer(keys.installation_key("TMP")))
    prefill = Prefill(access, home.agencies, stored, lambda: datetime.now(UTC))

    async def audit(trace):
        return "1"

    def evidence(kind, number):
        found = access.records_of_person(PersonNumber(kind, number), own, keys.lease(keys.domains))
        return [*found.own, *found.linked]

    def prefilled(number):
        request = PrefillRequest.model_validate(
            {
                "procedure": "1.001193",
                "subject": {"id_type": "CCCD", "id": number},
                "purpose": "prefill",
                "legal_basis": "statutory_task",
            }
        )
        grant = policy.decide(
            client,
            "prefill",
            "prefill",
            legal_basis="statutory_task",
            procedure="1.001193",
            agencies=home.agencies.tree,
        )
        lease = keys.lease(keys.domains)
        return asyncio.run(prefill.prefill(request, grant, lease, client="local-portal", audit=audit))

    return evidence, prefilled


def test_self_access_and_prefill_find_nothing_of_her(home, answers):
    evidence, prefilled = answers
    fill(home)
    assert len(evidence("citizen_id", MOTHER_ID)) == 4
    before = prefilled(MOTHER_ID)
    assert "Hồng Nhung" in str(before)
    assert home.vault.prefills.find(before.id, datetime.now(UTC)) is not None
    erase(home)
    assert evidence("citizen_id", MOTHER_ID) == evidence("old_id", OLD_ID) == []
    assert home.vault.prefills.find(before.id, datetime.now(UTC)) is None
    after = prefilled(MOTHER_ID)
    assert after.status == "empty"
    assert "Nhung" not in str(after)


def test_the_father_finds_what_he_found_less_her(home, answers):
    evidence, _ = answers
    fill(home)
    [before] = evidence("citizen_id", FATHER_ID)
    erase(home)
    [after] = evidence("citizen_id", FATHER_ID)
    assert (before.people, before.shared, before.record_id) == (after.people, after.shared, after.record_id)
    assert len(before.persons) == len(after.persons) + 1


# ---------------------------------------------------------------- in no byte


def forms(value):
    for text in {value, fold(value), value.lower(), value.upper(), fold(value).replace(" ", "")}:
        for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
            yield raw
            yield raw.hex().encode()
            yield raw.hex().upper().encode()
            for shift in range(3):
                # Without the digits that what stands before and behind would change.
                yield base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
        yield json.dumps(text)[1:-1].encode()


def leaks(home):
    wanted = {raw for value in HERS for raw in forms(value)}
    return [(name, raw) for name, content in contents(home).items() for raw in wanted if raw in content]


def test_the_scan_finds_what_was_left_lying_about(home):
    fill(home)
    (home.folder / "left.log").write_text(f"{base64.b64encode('x Nguyễn Thị Hồng Nhung y'.encode()).decode()}")
    (home.folder / "left.bin").write_bytes(OLD_ID.encode("utf-16-be"))
    assert {name for name, _ in leaks(home)} == {"left.log", "left.bin"}


@pytest.mark.parametrize("last", ["begun", "rewritten", "never"])
def test_no_value_of_hers_is_in_any_file(home, last):
    fill(home)

    def kill(step):
        if step == last:
            raise KeyboardInterrupt

    if last == "never":
        erase(home)
    else:
        with pytest.raises(KeyboardInterrupt):
            erase(home, kill)
    assert any(name.endswith("-wal") for name in contents(home))
    assert leaks(home) == []


def tokens(home):
    with home.records.writing() as writer:
        writes = [write for collection in COLLECTIONS for write in writer.iter_records(collection)]
    return {
        write.tokens[start : start + TOKEN_BYTES]
        for write in writes
        for start in range(0, len(write.tokens), TOKEN_BYTES)
    }


def ciphertexts(home):
    """Return the salts of her sections: 32 random bytes each."""
    mother = {home.refs().subject("citizen_id", MOTHER_ID), home.refs().subject("old_id", OLD_ID)}
    for collection, codes in (("dossier", (CODE, OWN, OLD)), ("paper", (CARD,))):
        for record_id, envelope in home.envelopes(collection, *codes).items():
            place = read_place(collection, record_id, envelope)
            opened = open_header(place, home.domain().epoch(place.epoch).hdr, envelope)
            at = 0
            for slot in opened.header.slots:
                if slot.reference in mother:
                    yield opened.body[at : at + 32]
                at += slot.length


def test_her_tokens_ciphertexts_and_keys_are_in_no_file_and_no_log_of_one(home):
    fill(home)
    mother = [home.refs().subject("citizen_id", MOTHER_ID), home.refs().subject("old_id", OLD_ID)]
    deleted = [*home.envelopes("dossier", OWN, OLD), *home.envelopes("paper", CARD)]
    wrapped = [key.wrapped for key in home.vault.keys.find_keys([*mother, *deleted]).values()]
    sections, before = list(ciphertexts(home)), tokens(home)
    answer = b"\0\1" + mother[0] + bytes(range(64))
    home.vault.prefills.save(StoredPrefill("id", "portal", datetime.now(UTC) + timedelta(days=1), answer))
    assert (len(wrapped), len(sections)) == (5, 4)
    assert all(places(home, box) for box in (*wrapped, *sections, answer))
    erase(home)
    gone = before - tokens(home)
    assert len(gone) > 60
    assert [box for box in (*wrapped, *sections, *gone, answer) if places(home, box)] == []


def test_no_search_token_of_hers_is_left_in_the_index(home):
    fill(home)
    erase(home)
    left = tokens(home)
    for kind, *parts in (
        ("subject", home.refs().subject("citizen_id", MOTHER_ID)),
        ("old_id", home.refs().subject("old_id", OLD_ID)),
        ("phone", "+84912345678"),
        ("name", "nguyen thi hong nhung"),
        ("name_year", "nguyen thi hong nhung", "1987"),
        ("name_ward", "nguyen thi hong nhung", "old:17329"),
    ):
        asked = tuple(one for maker in all_tokens(home.domain()) for one in maker.query(kind, *parts))
        assert left.isdisjoint(asked)
        for collection in COLLECTIONS:
            found = home.records.search(collection, any_term(asked), home.scope("H41.14"), 10)
            assert found.items == ()


# ---------------------------------------------------------------- backups


def test_an_envelope_from_before_opens_for_the_others_and_not_for_her(home):
    fill(home)
    old = home.envelopes("dossier", CODE)
    [(record_id, envelope)] = old.items()
    erase(home)
    place = read_place("dossier", record_id, envelope)
    opened = open_header(place, home.domain().epoch(place.epoch).hdr, envelope)
    keys = find_section_keys(home.vault.keys, home.domain(), opened.header.persons)
    father, mother = (home.refs().subject("citizen_id", one) for one in (FATHER_ID, MOTHER_ID))
    assert set(keys) == set(opened.header.persons) - {mother}
    slots = [slot.reference for slot in opened.header.slots]
    assert json.loads(open_slot(opened, slots.index(father), keys[father]))["full_name"] == "Trần Văn Hùng"


def test_a_backup_of_the_whole_home_still_opens_which_is_why_the_receipt_says_when_it_ends(home, tmp_path: Path):
    fill(home)
    backup = Home.at(Path(shutil.copytree(home.folder, tmp_path / "backup")))
    erase(home)
    assert backup.opened("dossier", CODE).in_role("applicant")["citizen_id"] == MOTHER_ID
    backup.close()


def test_another_process_that_has_all_open_finds_nothing_either(home):
    fill(home)
    keys = KeyRing.open(home.folder / "keys.json")
    vault = SqliteVault(home.folder / "vault.db", keys.installation)
    mother = home.refs().subject("citizen_id", MOTHER_ID)
    assert set(vault.keys.find_keys([mother])) == {mother}
    erase(home)
    assert vault.keys.find_keys([mother]) == {}
    assert vault.erased.among([mother]) == {mother}
    vault.close()
