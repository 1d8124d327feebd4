"""The policy: how the file is read, what it grants, and the second lock. All codes but H41 and H56 are invented."""

from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import NotPermittedError, PurposeNotRegisteredError, SettingsError
from security.access_tokens import DEFAULT_SCOPES
from security.actor import ANONYMOUS, Actor
from security.policy import Policy

ME, OTHER = b"m" * 16, b"o" * 16
DEFAULT_TEXT = files("security").joinpath("policy.toml").read_text(encoding="utf-8")
OFFICER_SEARCH = """
[[grant]]
role = "officer"
purpose = "dossier_processing"
scope = "records.search"
actions = ["records.search", "records.get"]
legal_bases = ["statutory_task"]
reach = "own"
domains = "own"
clear = []
masked = ["basic", "identity"]
"""


# Two provinces, one of them with a domain apart.
DOMAINS = {"H41": "H41", "H41.14": "H41", "H41.14.2": "H41", "H41.15": "H41", "H41.9": "health", "H56.1": "H56"}


class Tree:
    """The agencies of `DOMAINS`."""

    def domain_of(self, code):
        return DOMAINS.get(code, code.partition(".")[0])

    def descendants(self, code):
        return tuple(other for other in DOMAINS if other == code or other.startswith(f"{code}."))

    def codes_of(self, domain):
        return tuple(code for code, own in DOMAINS.items() if own == domain)

    def domains(self):
        return tuple(sorted(set(DOMAINS.values())))


TREE = Tree()


def _actor(role, agency="H41.14", **more):
    return Actor(**{"id": "u-1", "client_id": f"local-{role}", "role": role, "agency": agency, "subject": "s-1",
                    "scopes": DEFAULT_SCOPES[role], **more})  # fmt: skip


def _policy(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return Policy.load(path)


def _search(actor=None, **asked):
    return Policy.load().decide(
        actor or _actor("officer"), "records.search", "dossier_processing", agencies=TREE, **asked
    )


def _prefill(actor=None, purpose="prefill", **asked):
    stated = {"legal_basis": "statutory_task", "procedure": "1.001193", **asked}
    return Policy.load().decide(actor or _actor("portal"), "prefill", purpose, agencies=TREE, **stated)


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (DEFAULT_TEXT.replace("version = 1", "version = 2"), "version"),
        (DEFAULT_TEXT.replace("version = 1", ""), "version"),
        (DEFAULT_TEXT + "\n[extra]\na = 1", "extra"),
        (DEFAULT_TEXT.replace('reach = "own"', 'reach = "own"\nreaches = "all"', 1), "grant.0.reaches"),
        (DEFAULT_TEXT.replace('role = "officer"', 'role = "clerk"', 1), "grant.0.role"),
        (DEFAULT_TEXT.replace('role = "officer"', 'role = "anonymous"', 1), "no token"),
        (DEFAULT_TEXT.replace('purpose = "dossier_processing"', 'purpose = "curiosity"', 1), "grant.0.purpose"),
        (DEFAULT_TEXT.replace('scope = "records.search"', 'scope = ""', 1), "grant.0.scope"),
        (DEFAULT_TEXT.replace('"records.get"]', '"records.all"]', 1), "grant.0.actions.1"),
        (DEFAULT_TEXT.replace('reach = "own"\n', "", 1), "grant.0.reach"),
        (DEFAULT_TEXT.replace('reach = "own"', 'reach = "everywhere"', 1), "grant.0.reach"),
        (DEFAULT_TEXT.replace('domains = "own"', 'domains = "all"', 1), "domains must be"),
        (DEFAULT_TEXT.replace('domains = "own"', 'domains = "H41"', 1), "grant.0.domains"),
        (DEFAULT_TEXT.replace('"basic", "identity"]', '"basic", "secret"]', 1), "grant.0.masked.1"),
        (DEFAULT_TEXT.replace("clear = []", 'clear = ["basic"]', 1), "both clear and masked: basic"),
        (DEFAULT_TEXT.replace("clear = []\n", "", 1), "grant.0.clear"),
        (DEFAULT_TEXT.replace('by_name = ["ethnicity"]', 'by_name = ["blood_group"]', 1), "blood_group"),
        (DEFAULT_TEXT.replace('by_name = ["ethnicity"]', 'by_name = ["phone"]', 1), "shown anyway: phone"),
        (DEFAULT_TEXT + OFFICER_SEARCH, "granted twice: officer dossier_processing records.get"),
        (DEFAULT_TEXT.replace("daily_quota = 100000", "daily_quota = 0"), "client.local-portal.daily_quota"),
        (DEFAULT_TEXT.replace("daily_quota = 100000", 'daily_quota = "many"'), "client.local-portal.daily_quota"),
        (DEFAULT_TEXT.replace('procedures = ["*"]', "procedures = []"), "client.local-portal.procedures"),
        (DEFAULT_TEXT.replace('anonymous = ["public"]', 'anonymous = ["secret"]'), "visibility.anonymous"),
        ("version = ", "cannot be read"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_the_fault_named(tmp_path, text, fault):
    assert text != DEFAULT_TEXT
    with pytest.raises(SettingsError) as refused:
        _policy(tmp_path, text)
    assert fault in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        Policy.load(tmp_path / "none.toml")


def test_a_file_without_grants_grants_nothing(tmp_path):
    policy = _policy(tmp_path, "version = 1\ngrant = []")
    with pytest.raises(NotPermittedError):
        policy.decide(_actor("officer"), "records.search", "dossier_processing", agencies=TREE)
    assert policy.visibilities(_actor("editor")) == frozenset()


# ---------------------------------------------------------------- who reaches what


def test_an_officer_reaches_the_own_agency_and_leases_the_own_domain_only():
    grant = _search()
    assert grant.agencies == {"H41.14"}
    assert grant.domains == {"H41"}
    assert grant.reaches_subject is False
    assert (grant.purpose, grant.legal_basis) == ("dossier_processing", "statutory_task")


def test_an_officer_reads_what_lies_below_only_if_the_role_says_so(tmp_path):
    text = "version = 1\n" + OFFICER_SEARCH.replace('reach = "own"', 'reach = "subtree"')
    grant = _policy(tmp_path, text).decide(_actor("officer"), "records.get", "dossier_processing", agencies=TREE)
    assert grant.agencies == {"H41.14", "H41.14.2"}


def test_a_reach_over_the_domain_holds_all_its_agencies_and_none_of_a_domain_apart(tmp_path):
    text = "version = 1\n" + OFFICER_SEARCH.replace('reach = "own"', 'reach = "domain"')
    grant = _policy(tmp_path, text).decide(_actor("officer"), "records.get", "dossier_processing", agencies=TREE)
    assert grant.agencies == {"H41", "H41.14", "H41.14.2", "H41.15"}
    assert not grant.permits_record("H41.9", [ME], [ME])


def test_a_list_of_domains_grants_those_that_exist(tmp_path):
    text = "version = 1\n" + OFFICER_SEARCH.replace('reach = "own"', 'reach = "domain"').replace(
        'domains = "own"', 'domains = ["H56", "health", "H99"]'
    )
    grant = _policy(tmp_path, text).decide(_actor("officer"), "records.get", "dossier_processing", agencies=TREE)
    assert grant.domains == {"H56", "health"}
    assert grant.agencies == {"H56.1", "H41.9"}


def test_an_officer_without_an_agency_reaches_nothing():
    with pytest.raises(NotPermittedError, match=r"hoso\.agency"):
        _search(_actor("officer", agency=None))


def test_a_citizen_whose_token_names_nobody_reaches_nothing():
    with pytest.raises(NotPermittedError, match=r"hoso\.subject"):
        Policy.load().decide(_actor("citizen", subject=None), "records.get", "self_access", agencies=TREE)


def test_a_token_without_the_scope_is_refused_whatever_its_role():
    with pytest.raises(NotPermittedError, match=r"scope records\.search"):
        _search(_actor("officer", scopes=frozenset({"records.open"})))


@pytest.mark.parametrize("legal_basis", ["consent", "data_subject_right", "curiosity", ""])
def test_a_legal_basis_that_the_grant_does_not_name_is_refused(legal_basis):
    with pytest.raises(NotPermittedError, match="legal basis"):
        _search(legal_basis=legal_basis)


def test_of_several_legal_bases_one_must_be_stated(tmp_path):
    text = "version = 1\n" + OFFICER_SEARCH.replace('["statutory_task"]', '["statutory_task", "consent"]')
    policy = _policy(tmp_path, text)
    with pytest.raises(NotPermittedError, match="state one legal basis"):
        policy.decide(_actor("officer"), "records.get", "dossier_processing", agencies=TREE)
    stated = policy.decide(_actor("officer"), "records.get", "dossier_processing", legal_basis="consent", agencies=TREE)
    assert stated.legal_basis == "consent"


@pytest.mark.parametrize("purpose", ["prefill", "audit", "DOSSIER_PROCESSING", "", "curiosity"])
def test_a_purpose_that_the_role_does_not_have_is_refused(purpose):
    with pytest.raises(NotPermittedError):
        Policy.load().decide(_actor("officer"), "records.search", purpose, agencies=TREE)


def test_a_refusal_repeats_nothing_of_the_request():
    with pytest.raises(NotPermittedError) as refused:
        Policy.load().decide(_actor("officer"), "records.search", "001099000001", agencies=TREE)
    assert "001099000001" not in str(refused.value)


def test_procedures_that_are_not_public_show_to_officers_and_editors_only():
    policy = Policy.load()
    assert policy.visibilities(ANONYMOUS) == {"public"}
    assert policy.visibilities(_actor("citizen")) == {"public"}
    assert policy.visibilities(_actor("officer")) == {"public", "internal"}
    assert policy.visibilities(_actor("editor")) == {"public", "internal", "draft"}


# ---------------------------------------------------------------- portals


LOCAL = "local-portal"


def test_the_registered_portal_gets_what_grant_and_registration_both_name():
    grant = _prefill()
    assert grant.reaches_subject is True
    assert grant.agencies == frozenset()
    assert grant.domains == {"H41", "H56", "health"}
    assert grant.clear == {"basic", "contact", "identity", "family"}
    assert grant.by_name == {"ethnicity"}


def test_a_sensitive_field_is_clear_only_if_registered_and_asked_for_by_name():
    grant = _prefill()
    assert grant.clears("ethnicity", named=True)
    assert not grant.clears("ethnicity")
    assert not grant.clears("religion", named=True)


@pytest.mark.parametrize(
    "asked",
    [
        {"actor": _actor("portal", client_id="unknown-portal")},
        {"purpose": "statistics"},
        {"purpose": "dossier_processing"},
        {"purpose": "curiosity"},
        {"legal_basis": "consent"},
        {"legal_basis": None},
        {"legal_basis": "curiosity"},
    ],
)
def test_a_portal_is_refused_what_it_is_not_registered_for(asked):
    with pytest.raises(PurposeNotRegisteredError):
        _prefill(**asked)


@pytest.mark.parametrize("procedure", ["1.004873", None, "*"])
def test_a_portal_is_refused_a_procedure_that_it_is_not_registered_for(tmp_path, procedure):
    policy = _policy(tmp_path, DEFAULT_TEXT.replace('procedures = ["*"]', 'procedures = ["1.001193"]'))
    asked = {"legal_basis": "statutory_task", "agencies": TREE}
    assert policy.decide(_actor("portal"), "prefill", "prefill", procedure="1.001193", **asked).purpose == "prefill"
    with pytest.raises(PurposeNotRegisteredError):
        policy.decide(_actor("portal"), "prefill", "prefill", procedure=procedure, **asked)


def test_a_registration_alone_grants_nothing(tmp_path):
    policy = _policy(tmp_path, DEFAULT_TEXT.replace('purposes = ["prefill"]', 'purposes = ["prefill", "audit"]'))
    with pytest.raises(NotPermittedError):
        policy.decide(_actor("portal"), "prefill", "audit", legal_basis="statutory_task", agencies=TREE)


def test_a_portal_does_not_search_records_at_all():
    with pytest.raises(NotPermittedError, match=r"records\.search"):
        Policy.load().decide(_actor("portal"), "records.search", "prefill", agencies=TREE)


def test_an_officer_prefills_at_the_desk_in_the_own_domain():
    grant = _prefill(_actor("officer"))
    assert grant.domains == {"H41"}
    assert grant.reaches_subject is True


def test_a_client_has_a_daily_quota():
    assert Policy.load().client(LOCAL).daily_quota == 100_000
    with pytest.raises(PurposeNotRegisteredError):
        Policy.load().client("unknown-portal")


# ---------------------------------------------------------------- lock 2


@pytest.mark.parametrize(
    ("agency", "permitted"),
    [("H41.14", True), ("H41.14.2", False), ("H41.15", False), ("H41", False), ("H41.9", False), ("H56.1", False)],
)
def test_a_record_of_another_agency_is_refused_whoever_it_concerns(agency, permitted):
    assert _search().permits_record(agency, [ME], [ME]) is permitted


@pytest.mark.parametrize(
    ("agency", "persons", "asked_about", "permitted"),
    [
        ("H41.15", [ME, OTHER], [ME], True),
        ("H41.15", [OTHER], [ME], False),
        ("H41.15", [OTHER], [], False),
        ("H41.15", [], [ME], False),
        ("H41.14", [OTHER], [], True),
        ("H41.9", [ME], [ME], False),
        ("H56.1", [ME], [ME], False),
    ],
)
def test_an_open_case_widens_to_that_person_at_other_agencies_of_the_own_domain(
    agency, persons, asked_about, permitted
):
    assert _search().widened_by_case().permits_record(agency, persons, asked_about) is permitted


def test_a_widened_grant_masks_everything():
    widened = _search().widened_by_case()
    assert widened.clear == frozenset()
    assert widened.masked == {"basic", "identity"}
    assert widened.domains == {"H41"}


def test_a_case_widens_opening_to_that_person_and_shows_what_opening_shows():
    opening = Policy.load().decide(_actor("officer"), "records.open", "dossier_processing", agencies=TREE)
    widened = opening.widened_by_case()
    assert (widened.clear, widened.masked) == (opening.clear, opening.masked)
    assert widened.permits_record("H41.15", [ME], [ME])
    assert not widened.permits_record("H41.15", [OTHER], [ME])


def test_a_case_does_not_widen_a_prefill():
    grant = _prefill(_actor("officer"))
    with pytest.raises(NotPermittedError):
        grant.widened_by_case()


def test_a_portal_reaches_the_given_person_in_every_domain_and_nobody_else():
    grant = _prefill()
    assert grant.permits_record("H56.1", [ME], [ME])
    assert grant.permits_record("H41.9", [OTHER, ME], [ME])
    assert not grant.permits_record("H41.14", [OTHER], [ME])
    assert not grant.permits_record("H41.14", [ME], [])


def test_a_record_of_a_domain_that_is_not_granted_is_refused_even_of_a_listed_agency():
    grant = replace(_search(), domains=frozenset({"H56"}))
    assert not grant.permits_record("H41.14", [ME], [ME])


@given(st.sampled_from(sorted(DOMAINS)), st.sets(st.sampled_from([ME, OTHER])), st.sets(st.sampled_from([ME, OTHER])))
def test_roles_that_read_no_record_are_refused_every_record(agency, persons, asked_about):
    policy = Policy.load()
    for role, action, purpose in (
        ("reporter", "stats", "statistics"),
        ("auditor", "audit", "audit"),
        ("ingester", "ingest", "ingest"),
        ("operator", "quarantine.show", "ingest"),
    ):
        grant = policy.decide(_actor(role), action, purpose, agencies=TREE)
        assert not grant.permits_record(agency, persons, asked_about)
