"""A paper's line."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from support.rows import OLD_ID, make_paper, make_person

from schemas.errors import CanonicalFormError
from schemas.paper import ASSURANCE_ORDER, Paper


def read(**changes):
    return Paper.model_validate(make_paper(**changes))


def reason(**changes):
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    first = caught.value.errors()[0]
    cause = first.get("ctx", {}).get("error")
    return first["loc"], cause.reason if isinstance(cause, CanonicalFormError) else first["type"]


def test_values_are_read_into_their_canonical_forms():
    paper = read(kind="kq.g15.000031", number="118 / 2023", issued_on="08/11/2023", dossier_code="h41.14-231107-0001")
    assert (paper.kind, paper.number) == ("KQ.G15.000031", "118/2023")
    assert (paper.issued_on, paper.dossier_code) == ("2023-11-08", "H41.14-231107-0001")


def test_one_holder_is_read_as_a_list_of_one():
    paper = read(holders=None, holder=make_person(old_id=OLD_ID))
    assert [holder.old_id for holder in paper.holders] == [OLD_ID]


def test_holders_win_over_holder():
    assert len(read(holder=make_person()).holders) == 1
    assert read(holder=make_person(full_name="Lê Văn C")).holders[0].full_name == "Trần Gia Bảo"


@pytest.mark.parametrize("key", ["id", "kind", "issuer", "version", "holders", "assurance"])
def test_a_paper_needs(key):
    assert reason(**{key: None}) == ((key,), "missing")


@pytest.mark.parametrize(
    ("changes", "place", "why"),
    [
        ({"holders": []}, ("holders",), "too_short"),
        ({"assurance": "certain"}, ("assurance",), "literal_error"),
        ({"permanent": True, "valid_until": "2030-01-01"}, (), "two_validities"),
        ({"permanent": "yes"}, ("permanent",), "bool_type"),
        ({"id": ""}, ("id",), "too_short"),
        ({"id": "x" * 201}, ("id",), "too_long"),
        ({"kind": "Giấy khai sinh"}, ("kind",), "result_kind_format"),
        ({"issued_on": "31/04/2023"}, ("issued_on",), "date_impossible"),
        ({"file": {"sha256": "00"}}, ("file", "uri"), "missing"),
        ({"data": []}, ("data",), "dict_type"),
        ({"data": {"n": 10**30}}, ("data",), "number_too_large"),
    ],
)
def test_what_has_the_wrong_type_or_form_is_refused_with_its_place(changes, place, why):
    assert reason(**changes) == (place, why)


def test_a_paper_may_be_valid_until_a_day_or_without_end_or_say_neither():
    assert read(permanent=False, valid_until="2030-01-01").valid_until == "2030-01-01"
    assert read().permanent is True
    assert read(permanent=None).permanent is False


def test_what_an_office_issued_is_trusted_more_than_what_somebody_declared():
    assert ASSURANCE_ORDER.index("issued_result") < ASSURANCE_ORDER.index("self_declared")


def test_what_is_canonical_is_read_as_it_is():
    once = read(file={"uri": "kho://H41/1.pdf", "signed": True})
    assert Paper.model_validate(once.model_dump(mode="json", exclude_none=True)) == once
