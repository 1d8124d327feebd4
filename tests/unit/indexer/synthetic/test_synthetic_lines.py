"""The lines: every one is what the contract says, and they agree with each other and with the truth."""

from collections import Counter
from datetime import date

import msgspec
import pytest

from indexer.agencies import AgencyTree
from indexer.synthetic import TODAY
from indexer.synthetic.matters import matters
from schemas.dossier import OPEN_STATUSES, Dossier
from schemas.paper import Paper


def _day(moment):
    return date.fromisoformat(moment[:10])


@pytest.fixture(scope="module")
def by_code(world):
    return {dossier["code"]: dossier for dossier in world.dossiers}


def test_every_dossier_line_is_read_by_the_model(world):
    for dossier in world.dossiers:
        read = Dossier.model_validate_json(msgspec.json.encode(dossier))
        assert read.code == dossier["code"]
        assert read.channel is not None
        assert read.status is not None
        assert read.due_at is not None


def test_every_paper_line_is_read_by_the_model(world):
    for paper in world.papers:
        read = Paper.model_validate_json(msgspec.json.encode(paper))
        assert read.permanent == (read.valid_until is None)
        assert read.file is not None
        assert len(read.file.sha256) == 64


def test_codes_of_dossiers_and_ids_of_papers_are_unique(world, by_code):
    assert len(by_code) == len(world.dossiers)
    assert len({paper["id"] for paper in world.papers}) == len(world.papers)


def test_a_dossier_code_is_made_of_its_agency_and_its_day(world):
    for dossier in world.dossiers:
        unit, day, counter = dossier["code"].split("-")
        assert unit == dossier["agency"]
        assert day == f"{_day(dossier['received_at']):%y%m%d}"
        assert 4 <= len(counter) <= 6


def test_agencies_and_procedures_are_built_in_ones(world):
    tree, known = AgencyTree.built_in(), matters()
    assert all(tree.agency(dossier["agency"]) for dossier in world.dossiers)
    assert {dossier["procedure_code"] for dossier in world.dossiers} <= set(known)
    assert {tree.domain_of(dossier["agency"]) for dossier in world.dossiers} == {"H41", "H41CA", "H56"}


def test_most_procedures_of_the_catalogue_are_used(world):
    assert len({dossier["procedure_code"] for dossier in world.dossiers}) > 80


def test_everybody_is_named_in_one_to_fifty_dossiers_and_most_in_few(world):
    counts = [len(person.dossiers) for person in world.people]
    assert min(counts) >= 1
    assert max(counts) <= 50
    assert max(counts) > 30
    assert 4 < sum(counts) / len(counts) < 7
    assert sum(count <= 5 for count in counts) > 0.5 * len(counts)


def test_the_truth_names_the_dossiers_of_each_person(world, by_code):
    for person in world.people[::7]:
        for code in person.dossiers:
            dossier = by_code[code]
            named = [dossier["applicant"], *dossier["persons"]]
            years = {one["born_on"][-4:] if "/" in one["born_on"] else one["born_on"][:4] for one in named}
            assert str(person.born_on.year) in years


def test_nobody_is_named_before_birth_or_files_after_death(world, by_code):
    for person in world.people:
        days = [_day(by_code[code]["received_at"]) for code in person.dossiers]
        assert min(days) >= person.born_on
    numbers = {p.citizen_id: p for p in world.people} | {p.old_id: p for p in world.people if p.old_id}
    for dossier in world.dossiers:
        applicant = dossier["applicant"]
        person = numbers.get(applicant.get("citizen_id") or applicant.get("old_id"))
        assert person is None or person.alive_on(_day(dossier["received_at"]))


def test_times_stand_in_order_and_none_after_today(world):
    for dossier in world.dossiers:
        received, finished, returned = (dossier.get(key) for key in ("received_at", "finished_at", "returned_at"))
        assert date(2019, 1, 1) <= _day(received) <= TODAY
        asked = [asked["requested_at"] for asked in dossier.get("supplements", ())]
        assert all(received < moment and _day(moment) <= TODAY for moment in asked)
        assert finished is None or (received < finished and _day(finished) <= TODAY)
        assert returned is None or (finished <= returned and _day(returned) <= TODAY)


def test_a_status_agrees_with_what_happened(world):
    for dossier in world.dossiers:
        status = dossier["status"]
        assert ("finished_at" in dossier) == (status not in OPEN_STATUSES)
        assert ("returned_at" in dossier) == (status == 10)
        assert ("result" in dossier) == (status in (9, 10))
        assert ("return_reason" in dossier) == (status in (3, 8))
        if status == 5:
            assert dossier["supplements"][-1]["answered_at"] is None


def test_all_statuses_occur_and_open_ones_are_recent(world):
    statuses = Counter(dossier["status"] for dossier in world.dossiers)
    assert set(statuses) == set(range(1, 11))
    assert (statuses[9] + statuses[10]) / len(world.dossiers) > 0.85
    recent = [dossier for dossier in world.dossiers if dossier["received_at"] > "2026"]
    assert 0.02 < sum(dossier["status"] in OPEN_STATUSES for dossier in recent) / len(recent) < 0.09
    old = [dossier for dossier in world.dossiers if dossier["received_at"] < "2026"]
    assert not any(dossier["status"] in OPEN_STATUSES for dossier in old)


def test_online_filing_grows_over_the_years(world):
    def share(year):
        filed = [d for d in world.dossiers if d["received_at"].startswith(year)]
        return sum(d["channel"] == 2 for d in filed) / len(filed)

    assert share("2019") < 0.25 < share("2023") < share("2026")
    assert {dossier["channel"] for dossier in world.dossiers} == {1, 2, 3}


def test_desks_are_closed_at_weekends(world):
    weekend = [d for d in world.dossiers if _day(d["received_at"]).weekday() >= 5]
    assert weekend
    assert {dossier["channel"] for dossier in weekend} == {2}


def test_roles_fit_the_procedure(world):
    for dossier in world.dossiers:
        roles = Counter(person["role"] for person in dossier["persons"])
        if dossier["procedure_code"] == "1.001193":
            assert roles["child"] == 1
            assert roles["mother"] == 1
        if dossier["procedure_code"] == "1.000894":
            assert roles == {"spouse": 2} or roles["representative"] == 1 or not roles
        if dossier["procedure_code"] == "1.000656":
            assert roles["deceased"] == 1


def test_a_newborn_has_no_number_in_the_birth_dossier_and_one_in_the_certificate(world, by_code):
    certificates = [
        paper
        for paper in world.papers
        if paper["kind"] == "KQ.G15.000031" and by_code[paper["dossier_code"]]["procedure_code"] == "1.001193"
    ]
    assert len(certificates) > 50
    for paper in certificates:
        (child,) = [p for p in by_code[paper["dossier_code"]]["persons"] if p["role"] == "child"]
        assert "citizen_id" not in child
        assert "old_id" not in child
        assert len(paper["data"]["citizen_id"]) == 12
        assert paper["holders"][0]["citizen_id"] == paper["data"]["citizen_id"]
        assert {"mother"} <= set(paper["data"])


def test_a_marriage_certificate_has_two_holders(world):
    certificates = [paper for paper in world.papers if paper["kind"] == "KQ.G15.000032"]
    assert len(certificates) > 50
    for paper in certificates:
        assert len(paper["holders"]) == 2
        assert paper["data"]["spouse"]["citizen_id"] == paper["holders"][1]["citizen_id"]


def test_the_papers_of_a_dossier_exist_and_are_its_result(world, by_code):
    for paper in world.papers:
        dossier = by_code[paper["dossier_code"]]
        assert dossier["status"] in (9, 10)
        assert paper["issuer"] == dossier["agency"]
        assert paper["issued_on"] == dossier["result"]["issued_on"] == dossier["finished_at"][:10]
        if "code" in dossier["result"]:
            assert (paper["kind"], paper["number"]) == (dossier["result"]["code"], dossier["result"]["number"])


def test_papers_show_true_pairs_of_old_and_new_numbers(world):
    pairs = {(person.citizen_id, person.old_id) for person in world.people}
    shown = [h for p in world.papers for h in p["holders"] if "old_id" in h]
    assert len(shown) > 500
    assert {(holder["citizen_id"], holder["old_id"]) for holder in shown} <= pairs
    kinds = Counter(p["assurance"] for p in world.papers if "old_id" in p["holders"][0])
    assert {"issued_result", "verified_copy"} <= set(kinds)


def test_a_reused_paper_existed_and_was_valid_when_it_was_reused(world):
    papers = {paper["id"]: paper for paper in world.papers}
    reused = [(c, d) for d in world.dossiers for c in d["components"] if "paper_id" in c]
    assert len(reused) > 100
    for component, dossier in reused:
        paper = papers[component["paper_id"]]
        day = dossier["received_at"][:10]
        assert paper["issued_on"] < day <= paper.get("valid_until", "9999")
        assert component["digitised"] == (3 if paper["assurance"] == "issued_result" else 2)


def test_components_are_those_of_the_procedure(world):
    known = matters()
    for dossier in world.dossiers:
        codes = {requirement.code for requirement in known[dossier["procedure_code"]].requirements}
        assert {component["code"] for component in dossier["components"]} <= codes


def test_a_replaced_paper_names_a_later_one_of_its_holder(world):
    papers = {paper["id"]: paper for paper in world.papers}
    replaced = [paper for paper in world.papers if "replaced_by" in paper]
    assert len(replaced) > 50
    for paper in replaced:
        later = papers[paper["replaced_by"]]
        assert later["issued_on"] > paper["issued_on"]
        assert later["holders"] == paper["holders"]
        assert paper["version"] == 2


def test_numbers_in_dossiers_belong_to_people_of_the_same_block(world):
    for block in world.blocks:
        new, old = block.truth.by_citizen_id(), block.truth.by_old_id()
        for dossier in block.dossiers:
            for person in (dossier["applicant"], *dossier["persons"]):
                assert person.get("citizen_id", next(iter(new))) in new
                assert person.get("old_id", next(iter(old))) in old


def test_people_are_filed_under_an_old_number_here_and_a_new_one_there(world):
    new = {(p.citizen_id, p.old_id) for p in world.people if p.old_id}
    filed_new = {d["applicant"].get("citizen_id") for d in world.dossiers}
    filed_old = {d["applicant"].get("old_id") for d in world.dossiers if "citizen_id" not in d["applicant"]}
    assert sum(one in filed_new and two in filed_old for one, two in new) > 200


def test_online_payment_needs_a_fee(world):
    for dossier in world.dossiers:
        fee = dossier["fee"]
        assert 0 <= fee["paid"] <= fee["due"]
        assert not fee["paid_online"] or fee["paid"] > 0
    assert sum(dossier["fee"]["due"] > 0 for dossier in world.dossiers) > 0.1 * len(world.dossiers)
