"""The agency tree of an installation."""

from __future__ import annotations

import pytest

from indexer.agencies import AgencyCycleError
from indexer.agency_registry import AgencyRegistry
from schemas.agency import Agency


def test_the_built_in_tree_is_there_at_once(home):
    assert home.agencies.tree.domain_of("H41.01") == "H41"
    assert home.vault.agencies.agencies() == []


def test_an_agency_that_no_line_named_is_registered_with_what_its_code_tells(home):
    home.agencies.ensure({"H99.7.2", "H41.01"})
    assert home.vault.agencies.agencies() == [Agency(code="H99.7.2", name="H99.7.2", parent="H99.7", domain="H99")]
    assert home.agencies.tree.codes_of("H99") == ("H99.7.2",)
    assert "H99.7.2" in home.agencies.tree.descendants("H99")


def test_what_is_registered_already_stays_as_it_is(home):
    named = Agency(code="H99.7", name="Ủy ban nhân dân xã Mẫu", parent="H99", domain="HEALTH")
    home.agencies.add([named])
    home.agencies.ensure({"H99.7"})
    home.agencies.ensure(set())
    assert home.vault.agencies.agencies() == [named]
    assert home.agencies.tree.domain_of("H99.7") == "HEALTH"


def test_an_agency_that_would_be_its_own_superior_is_refused_and_nothing_registered(home):
    with pytest.raises(AgencyCycleError):
        home.agencies.add([Agency(code="H98", name="a", parent="H98.1"), Agency(code="H97", name="b")])
    assert home.vault.agencies.agencies() == []
    assert "H97" not in home.agencies.tree.codes()


def test_what_another_process_registered_is_seen_after_a_second(home, monkeypatch):
    other = AgencyRegistry(home.vault.agencies)
    assert "H99.7" not in other.tree.codes()
    home.agencies.ensure({"H99.7"})
    monkeypatch.setattr("time.monotonic", lambda: other._read_at + 1.1)
    assert "H99.7" in other.tree.codes()


def test_one_agency_is_told_known_or_not(home):
    assert home.agencies.agency("H41.01").name == "Sở Tư pháp tỉnh Nghệ An"
    assert home.agencies.agency("H41.999").parent == "H41"
