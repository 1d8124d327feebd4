"""The agency tree: derived parents and domains, walking, refusals, and the built-in agencies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.agencies import AgencyCycleError, AgencyLineError, AgencyTree
from schemas.agency import Agency
from schemas.units import Units

BUILT_IN = AgencyTree.built_in()


def line(**keys):
    return json.dumps({"name": "n", **keys})


SMALL = AgencyTree.from_lines(
    [
        line(code="P", parent=None, domain="P"),
        line(code="P.1", parent="P", domain="P"),
        line(code="P.1.05.02", parent="P.1.05"),
        line(code="HEALTH", parent="P", domain="HEALTH"),
        line(code="CLINIC", parent="HEALTH"),
    ]
)

PARTS = st.lists(st.sampled_from(["A", "B", "1", "2"]), min_size=1, max_size=5)


def test_nghe_an_has_130_communes_with_their_official_codes():
    communes = [BUILT_IN.agency(code) for code in BUILT_IN.codes_of("H41")]
    units = {agency.unit_code for agency in communes if agency.level == "commune"}
    assert units == {unit.code for unit in Units.built_in().all() if unit.province_code == "40" and unit.era == "new"}
    assert len(units) == 130


def test_names_of_communes_are_those_of_their_units():
    for code in (*BUILT_IN.codes_of("H41"), *BUILT_IN.codes_of("H56"), *BUILT_IN.codes_of("H41CA")):
        agency = BUILT_IN.agency(code)
        unit = Units.built_in().current(agency.unit_code) if agency.unit_code else None
        assert unit is None or agency.name.lower().endswith(unit.name.lower())


def test_the_first_commune_is_14():
    assert BUILT_IN.agency("H41.14").name == "Ủy ban nhân dân phường Thành Vinh"
    assert BUILT_IN.agency("H41.13").name == "Trung tâm Phục vụ hành chính công tỉnh Nghệ An"
    assert BUILT_IN.agency("H41.143").level == "commune"


def test_there_are_three_domains_and_the_police_are_one_of_their_own():
    assert BUILT_IN.domains() == ("H41", "H41CA", "H56")
    assert BUILT_IN.agency("H41CA").parent is None
    assert not BUILT_IN.is_within("H41CA.14", "H41")


def test_every_commune_has_a_police_post_of_the_same_number():
    posts = {code.removeprefix("H41CA."): BUILT_IN.agency(code).unit_code for code in BUILT_IN.codes_of("H41CA")}
    communes = {code: BUILT_IN.agency(f"H41.{code}").unit_code for code in posts if code != "H41CA"}
    assert len(communes) == 130
    assert communes == {number: unit for number, unit in posts.items() if number != "H41CA"}


def test_the_second_province_has_twenty_communes():
    assert len(BUILT_IN.descendants("H56")) == 21


def test_every_line_of_the_built_in_file_has_a_code_of_its_own():
    # 1 province, 12 departments, the service centre, 130 communes; 1 police, 130 posts; 1 province, 20 communes.
    assert len(BUILT_IN.codes_of("H41")) == 1 + 12 + 1 + 130
    assert len(BUILT_IN.codes_of("H41CA")) == 1 + 130
    assert len(BUILT_IN.codes_of("H56")) == 1 + 20


def test_the_built_in_tree_is_read_once():
    assert AgencyTree.built_in() is AgencyTree.built_in()


def test_of_an_agency_that_no_line_names_parent_and_domain_come_from_the_code():
    unknown = BUILT_IN.agency("H41.14.07")
    assert (unknown.code, unknown.name, unknown.parent, unknown.domain) == ("H41.14.07", "H41.14.07", "H41.14", "H41")
    assert BUILT_IN.is_within("H41.14.07", "H41")


def test_an_unknown_top_has_no_parent_and_is_its_own_domain():
    top = BUILT_IN.agency("H99")
    assert (top.parent, top.domain) == (None, "H99")
    assert BUILT_IN.descendants("H99") == ("H99",)


def test_a_line_without_parent_takes_it_from_the_code_and_null_makes_a_top():
    tree = AgencyTree.from_lines([line(code="P.1"), line(code="P.2", parent=None)])
    assert tree.agency("P.1").parent == "P"
    assert tree.agency("P.2").parent is None
    assert tree.descendants("P") == ("P", "P.1")


def test_a_line_without_domain_takes_that_of_its_parent():
    assert SMALL.agency("CLINIC").domain == "HEALTH"
    assert SMALL.domain_of("P.1.05.02") == "P"


def test_a_named_top_without_domain_is_its_own_domain():
    assert AgencyTree.from_lines([line(code="Q")]).domain_of("Q") == "Q"


def test_the_domain_of_an_unnamed_agency_is_the_first_part_whatever_stands_above():
    tree = AgencyTree.from_lines([line(code="P.9", parent="P", domain="APART")])
    assert tree.domain_of("P.9") == "APART"
    assert tree.domain_of("P.9.1") == "P"


def test_ancestors_come_nearest_first():
    assert SMALL.ancestors("P.1.05.02") == ("P.1.05", "P.1", "P")
    assert SMALL.ancestors("P") == ()


def test_descendants_hold_the_agency_itself_and_all_below_through_unnamed_ones():
    assert SMALL.descendants("P") == ("P", "HEALTH", "P.1", "CLINIC", "P.1.05", "P.1.05.02")
    assert SMALL.descendants("P.1.05") == ("P.1.05", "P.1.05.02")
    assert SMALL.descendants("P.1.05.02") == ("P.1.05.02",)


def test_within_means_below_or_the_same_and_never_above_or_beside():
    assert SMALL.is_within("P.1", "P.1")
    assert SMALL.is_within("CLINIC", "P")
    assert not SMALL.is_within("P", "P.1")
    assert not SMALL.is_within("P.1", "HEALTH")


def test_a_code_that_only_begins_like_another_is_not_below_it():
    assert not BUILT_IN.is_within("H41.143", "H41.14")


def test_codes_of_a_domain_are_the_named_ones_sorted():
    assert SMALL.codes_of("P") == ("P", "P.1", "P.1.05.02")
    assert SMALL.codes_of("HEALTH") == ("CLINIC", "HEALTH")
    assert SMALL.codes_of("NONE") == ()


def test_another_tree_with_more_agencies_leaves_the_first_as_it_was():
    grown = SMALL.with_agencies([Agency(code="P.1", name="renamed", parent="HEALTH"), Agency(code="P.3", name="new")])
    assert grown.agency("P.1").name == "renamed"
    assert grown.is_within("P.1", "HEALTH")
    assert grown.is_within("P.3", "P")
    assert SMALL.agency("P.1").name == "n"
    assert "P.3" not in SMALL.codes_of("P")


@pytest.mark.parametrize(
    "lines",
    [
        [line(code="A", parent="A")],
        [line(code="A", parent="B"), line(code="B", parent="A")],
        [line(code="A", parent="C"), line(code="B", parent="A"), line(code="C", parent="B")],
        [line(code="A", parent="A.1.2")],
        [line(code="X", parent="A"), line(code="A", parent="B"), line(code="B", parent="A")],
    ],
    ids=["itself", "two", "three", "through an unnamed agency", "reached from outside"],
)
def test_an_agency_above_itself_is_refused(lines):
    with pytest.raises(AgencyCycleError, match="its own superior"):
        AgencyTree.from_lines(lines)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        ("{", None),
        ("[]", None),
        (line(parent=None), "/code"),
        (line(code=7), "/code"),
        (line(code="A", valid_from="2025-02-30"), "/valid_from"),
    ],
)
def test_a_line_that_is_no_agency_is_refused_by_its_number(bad, pointer):
    with pytest.raises(AgencyLineError, match="line 3") as refusal:
        AgencyTree.from_lines([line(code="A"), "", bad])
    assert (refusal.value.line, refusal.value.pointer) == (3, pointer)


def test_bytes_and_unknown_keys_are_read():
    assert AgencyTree.from_lines([line(code="A", colour="red").encode()]).codes_of("A") == ("A",)


@given(PARTS)
def test_every_ancestor_has_the_agency_within(parts):
    code = ".".join(parts)
    above = BUILT_IN.ancestors(code)
    assert len(above) == len(parts) - 1
    assert all(BUILT_IN.is_within(code, ancestor) for ancestor in above)


@pytest.mark.parametrize("code", ["H41", "H41CA", "H56"])
def test_what_is_below_an_agency_is_what_is_within_it(code):
    known = [each for domain in BUILT_IN.domains() for each in BUILT_IN.codes_of(domain)]
    assert sorted(BUILT_IN.descendants(code)) == sorted(each for each in known if BUILT_IN.is_within(each, code))
