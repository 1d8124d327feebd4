"""What an actor may read, and how much of it: the grants of the reviewed policy file.

Lock 1: `Policy.decide` turns actor, action and purpose into a `Grant`, which limits the query and the keys that are
leased. Lock 2: `Grant.permits_record` checks each opened record again. Source: design, section 4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from schemas.errors import NotPermittedError, PurposeNotRegisteredError
from schemas.fields import FIELDS, FieldClass
from security.actor import Actor, Role
from security.policy_file import Action, Client, LegalBasis, PolicyFile, Purpose, Rule, Visibility, load_policy_file

__all__ = ["Action", "AgencyTree", "Client", "Grant", "LegalBasis", "Policy", "Purpose", "Visibility"]


class AgencyTree(Protocol):
    """What the policy asks the tree of agencies."""

    def domain_of(self, code: str) -> str:
        """Return the key domain of an agency."""
        ...

    def descendants(self, code: str) -> Collection[str]:
        """Return the agency and those below it."""
        ...

    def codes_of(self, domain: str) -> Collection[str]:
        """Return the agencies of a key domain."""
        ...

    def domains(self) -> Collection[str]:
        """Return all key domains."""
        ...


_WIDENED_ACTIONS = ("records.search", "records.get", "records.open")


@dataclass(frozen=True, slots=True)
class Grant:
    """What one actor may read for one purpose. Nothing in it = nothing may be read.

    Attributes:
        action: what it was granted for.
        purpose: stands in the audit entry.
        legal_basis: stands in the audit entry.
        domains: key domains whose keys may be leased.
        agencies: whose records are in reach, whoever they concern.
        reaches_subject: the records too in which the given person takes part, anywhere in `domains`.
        clear: field classes that are shown as they are.
        masked: field classes that are shown masked.
        by_name: fields of other classes that are shown if, and only if, they are asked for by name.
        domain_of: the tree's; lock 2 asks it for the domain of an opened record.
    """

    action: Action
    purpose: Purpose
    legal_basis: LegalBasis
    domains: frozenset[str]
    agencies: frozenset[str]
    reaches_subject: bool
    clear: frozenset[FieldClass]
    masked: frozenset[FieldClass]
    by_name: frozenset[str]
    domain_of: Callable[[str], str] = field(repr=False, compare=False)

    def permits_record(self, agency: str, persons: Collection[bytes], subject_references: Collection[bytes]) -> bool:
        """Return whether an opened record is in reach (lock 2).

        Args:
            agency: of the record, from its authenticated plaintext, never from the engine's scope.
            persons: references of those who take part, from its authenticated header.
            subject_references: all references of the person who is asked about; empty if nobody is.
        """
        if self.domain_of(agency) not in self.domains:
            return False
        if agency in self.agencies:
            return True
        return self.reaches_subject and not frozenset(persons).isdisjoint(subject_references)

    def clears(self, name: str, *, named: bool = False) -> bool:
        """Return whether the field `name` may be shown as it is; `named`: it was asked for by its name."""
        row = FIELDS.get(name)
        return row is not None and (row.field_class in self.clear or (named and name in self.by_name))

    def masks(self, name: str) -> bool:
        """Return whether the field `name` may be shown masked."""
        row = FIELDS.get(name)
        return row is not None and row.field_class in self.masked

    def all_masked(self) -> Grant:
        """Return the grant with nothing in clear: for people in a record other than the one it is read for."""
        return replace(self, clear=frozenset(), masked=self.clear | self.masked, by_name=frozenset())

    def widened_by_case(self) -> Grant:
        """Return the grant that an open case at the own agency gives for `dossier_processing`.

        It reaches that person's records at the other agencies of the own domain. A search and a look mask everything;
        `records.open` shows what it shows at the own agency, as it takes a reason and is an entry of its own.

        Raises:
            NotPermittedError: the purpose or action is one that a case does not widen.
        """
        if self.purpose != "dossier_processing" or self.action not in _WIDENED_ACTIONS:
            raise NotPermittedError(f"a case number does not widen {self.action} for {self.purpose}")
        shown = self if self.action == "records.open" else self.all_masked()
        return replace(shown, reaches_subject=True)


class Policy:
    """The grants, clients and visibilities of one policy file."""

    def __init__(self, data: PolicyFile) -> None:
        """Keep `data`, grants by role, purpose and action."""
        self._rules: Mapping[tuple[str, str, str], Rule] = {
            (rule.role, rule.purpose, action): rule for rule in data.grant for action in rule.actions
        }
        self._actions = frozenset((role, action) for role, _, action in self._rules)
        self._clients = data.client
        self._visibility: Mapping[Role, frozenset[Visibility]] = data.visibility

    @classmethod
    def load(cls, path: Path | None = None) -> Policy:
        """Return the policy of `path`, or the one that comes with Hoso.

        Raises:
            SettingsError: the file is not there, has an unknown key or contradicts itself; names the place.
        """
        return cls(load_policy_file(path))

    def visibilities(self, actor: Actor) -> frozenset[Visibility]:
        """Return which procedures the actor may find: `public`, `internal`, `draft`."""
        return self._visibility.get(actor.role, frozenset())

    def client(self, client_id: str) -> Client:
        """Return what a portal is registered for.

        Raises:
            PurposeNotRegisteredError: no such client.
        """
        if (client := self._clients.get(client_id)) is None:
            raise PurposeNotRegisteredError("this client is not registered in the policy file")
        return client

    def decide(
        self,
        actor: Actor,
        action: Action,
        purpose: str,
        *,
        legal_basis: str | None = None,
        procedure: str | None = None,
        agencies: AgencyTree,
    ) -> Grant:
        """Return what `actor` may read in `action` for `purpose`.

        Args:
            actor: who asks.
            action: what is done.
            purpose: as the request states it; an unknown one has no grant.
            legal_basis: as the request states it; None means the only one of the grant. A portal states it always.
            procedure: code without local suffix; needed of a portal that is not registered for all.
            agencies: the tree of today.

        Raises:
            PurposeNotRegisteredError: a portal that is not registered for the purpose, procedure or legal basis.
            NotPermittedError: no grant, or the token lacks its scope, the agency or the citizen that it needs.
        """
        if (actor.role, action) not in self._actions:
            raise NotPermittedError(f"the role {actor.role} has no grant for {action}")
        client = self._registered(actor, purpose, legal_basis, procedure) if actor.role == "portal" else None
        rule = self._rules.get((actor.role, purpose, action))
        if rule is None:
            raise NotPermittedError(f"the role {actor.role} has no grant for {action} for this purpose")
        _check_token(actor, rule)
        return Grant(
            action=action,
            purpose=rule.purpose,
            legal_basis=_basis(rule, legal_basis),
            domains=_domains(rule, actor, agencies),
            agencies=_agencies(rule, actor, agencies),
            reaches_subject=rule.reach == "subject",
            clear=rule.clear & client.fields if client else rule.clear,
            masked=rule.masked & client.fields if client else rule.masked,
            by_name=rule.by_name & client.by_name if client else rule.by_name,
            domain_of=agencies.domain_of,
        )

    def _registered(self, actor: Actor, purpose: str, legal_basis: str | None, procedure: str | None) -> Client:
        client = self.client(actor.client_id)
        if not client.covers(purpose, legal_basis, procedure):
            raise PurposeNotRegisteredError(
                f"the client {actor.client_id} is not registered for this purpose, procedure and legal basis"
            )
        return client


def _check_token(actor: Actor, rule: Rule) -> None:
    if rule.scope not in actor.scopes:
        raise NotPermittedError(f"the token lacks the scope {rule.scope}")
    if actor.agency is None and (rule.domains == "own" or rule.reach in ("own", "subtree")):
        raise NotPermittedError("the token names no agency (hoso.agency), and the grant reaches the own one only")
    if actor.subject is None and rule.purpose == "self_access":
        raise NotPermittedError("the token names no citizen (hoso.subject)")


def _basis(rule: Rule, stated: str | None) -> LegalBasis:
    fitting = [basis for basis in rule.legal_bases if stated in (None, basis)]
    if len(fitting) != 1:
        raise NotPermittedError(f"state one legal basis out of: {', '.join(sorted(rule.legal_bases))}")
    return fitting[0]


def _domains(rule: Rule, actor: Actor, tree: AgencyTree) -> frozenset[str]:
    if rule.domains == "all":
        return frozenset(tree.domains())
    if rule.domains == "own":
        return frozenset({tree.domain_of(actor.agency)} if actor.agency else ())
    return rule.domains & frozenset(tree.domains())


def _agencies(rule: Rule, actor: Actor, tree: AgencyTree) -> frozenset[str]:
    if rule.reach == "own" and actor.agency:
        return frozenset({actor.agency})
    if rule.reach == "subtree" and actor.agency:
        return frozenset(tree.descendants(actor.agency))
    if rule.reach == "domain":
        return frozenset(code for domain in _domains(rule, actor, tree) for code in tree.codes_of(domain))
    return frozenset()
