"""Erasing one person: out of every record, with the keys, for good. Source: design, section 4.6; docs/formats.md, 9.

Each step is durable before the next one begins, and may be done again: killed anywhere, an erasure goes on. From the
first step on the person is on the list of erasures, so no batch brings anything back.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from indexer.engines.records import RecordWrite
from indexer.erased import ErasedPeople
from indexer.erasure_journal import ErasureState, SealedErasures
from indexer.erasure_records import ErasureRecords, FoundRecord, Records
from indexer.reopening import person_of, reopen_sections
from schemas import canonical
from schemas.canonical import dates_agree, names_agree
from schemas.citizen import Person
from schemas.errors import SourceUnavailableError, StorageError
from security.actor import Actor
from security.audit.entry import AuditEntry, Outcome, ingest_batch
from security.audit.log import AuditLog
from security.keys import KeyRing
from security.receipts import ReceiptSigner
from security.references import references
from security.transient import TransientSealer
from security.vault.base import Vault
from security.vault.rows import ErasedReference

# Backups carry the KEK and IDX of their day; by then those epochs are destroyed. Source: design, section 4.6.
FINAL_AFTER = timedelta(days=30)
# What may hold values of the person and cannot be searched for them: it is sealed, and goes by age.
_NOT_SEARCHED = ("quarantine", "idempotency")

# SQLite does not wait for another's checkpoint: it refuses at once.
_PATIENCE_S = 30.0

Step = Callable[[str], None]
"""Told the name of each step when it is durable."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ErasureParts:
    """What an erasure works with."""

    keys: KeyRing
    vault: Vault
    records: Records
    log: AuditLog
    now: Callable[[], datetime] = _now


def erase_person(citizen_id: str, parts: ErasureParts, actor: Actor, trace: str, step: Step = lambda _: None) -> str:
    """Erase a person and return the signed receipt (docs/formats.md, section 9), a compact JWS.

    Killed at any moment and run again with the same number, it goes on. Run again when it is done, it finds nothing
    and the receipt says so.

    Args:
        citizen_id: 12 digits, as typed.
        parts: what it works with.
        actor: who ordered it: stands in the audit log.
        trace: trace id of the command.
        step: told the name of each step when it is durable.

    Raises:
        CanonicalFormError: not a citizen id.
        IndexNotReadyError: a build of the records index is under way: when it is published, run again.
        StorageError, SourceUnavailableError: nothing was lost; run again to go on.
    """
    number = canonical.citizen_id(citizen_id)
    _check_ready(parts)
    subject = ErasedPeople(parts.vault.erased, parts.keys).number_reference("citizen_id", number)
    states = _states(parts)
    state = states.find(subject)
    if state is None:
        lease = parts.keys.lease(parts.keys.domains)
        own = {keys.domain: references(keys).subject("citizen_id", number) for keys in lease}
        state = ErasureState(uuid.uuid4().hex, subject, parts.now(), own)
        states.save(state)
    return _Erasure(state, parts, actor, trace).run(step)


def resume_erasures(parts: ErasureParts, actor: Actor, trace: str, step: Step = lambda _: None) -> list[str]:
    """Go on with every erasure that was cut off, without its number; return their receipts. As `erase_person`."""
    _check_ready(parts)
    return [_Erasure(state, parts, actor, trace).run(step) for state in _states(parts).unfinished()]


def _check_ready(parts: ErasureParts) -> None:
    """Raise `IndexNotReadyError` during a build, before anything is begun; and read keys made by other processes."""
    parts.keys.refresh()
    with parts.records.writing():
        pass


def _states(parts: ErasureParts) -> SealedErasures:
    return SealedErasures(parts.vault.erasures, TransientSealer(parts.keys.installation_key("TMP")))


class _Erasure:
    """One erasure, from where it is to its receipt."""

    def __init__(self, state: ErasureState, parts: ErasureParts, actor: Actor, trace: str) -> None:
        self._state = state
        self._parts = parts
        self._vault = parts.vault
        self._actor = actor
        self._trace = trace
        self._lease = parts.keys.lease(parts.keys.domains)
        self._people = ErasedPeople(parts.vault.erased, parts.keys)
        self._records = ErasureRecords(parts.records, parts.vault, parts.keys, self._audit_records)

    def run(self, told: Step) -> str:
        """Do what is left and return the receipt."""
        # Held, so that no version is built meanwhile whose records these steps would not see.
        with self._parts.records.writing():
            for name, work in (("begun", self._begin), ("linked", self._link)):
                if name not in self._state.done:
                    work()
                    self._state.done = [*self._state.done, name]
                    self._save()
                    told(name)
        # Done again after a kill: whatever came to light meanwhile is then erased too.
        for name, work in (
            ("rewritten", self._rewrite),
            ("keys destroyed", self._destroy_keys),
            ("forgotten", self._forget),
            ("expunged", self._expunge),
        ):
            work()
            self._save()
            told(name)
        receipt = self._finish()
        told("signed")
        return receipt

    # ---------------------------------------------------------------- steps

    def _begin(self) -> None:
        self._audit("allowed", self._state.references)
        self._put_on_list([(self._state.subject, None), *((one, name) for name, one in self._state.own.items())])

    def _link(self) -> None:
        """Find out which references are this person too: of the old number, of the newborn without one."""
        state = self._state
        told = self._told({name: [one] for name, one in state.own.items()})
        candidates = {name: self._linked_to(name, own) for name, own in state.own.items()}
        state.linked = {name: self._borne_out(name, linked, told) for name, linked in candidates.items()}
        state.links_left = sum(len(candidates[name]) - len(proven) for name, proven in state.linked.items())
        numbers = self._proven_old_ids(told)
        for name in state.own:
            refs = references(self._lease.domain(name))
            elsewhere = {refs.subject("old_id", number) for number in numbers} - candidates[name]
            state.linked[name] += self._borne_out(name, elsewhere, told)
        state.keys = len(self._vault.keys.find_keys(state.references))
        links = (self._vault.links.links_of(name, state.references) for name in state.own)
        state.links = sum(map(len, links))
        self._put_on_list(
            [
                *((self._people.number_reference("old_id", number), None) for number in sorted(numbers)),
                *((one, name) for name, linked in state.linked.items() for one in linked),
            ]
        )

    def _rewrite(self) -> None:
        state = self._state
        pending = state.records
        while True:
            self._records.take_out(pending)
            found = [one.planned for one in self._find()]
            pending = sorted({*found}.difference(state.records))
            if not pending:
                break
            # What will be changed is known before it is, so that a count after a kill is the same.
            state.records = [*state.records, *pending]
            self._save()
        if found:
            raise StorageError(f"{len(found)} records still have the person: run this again")

    def _destroy_keys(self) -> None:
        self._vault.keys.destroy_keys(self._state.references)
        if self._vault.keys.find_keys(self._state.references):
            raise StorageError("a key of the person is there again: run this again")

    def _forget(self) -> None:
        state = self._state
        self._vault.links.remove_links(state.references)
        state.consents = self._vault.consents.withdraw_all([one.hex() for one in state.references], state.begun_at)
        state.prefills += self._vault.prefills.drop_about(state.references)

    def _expunge(self) -> None:
        with self._parts.records.writing() as writer:
            _when_free(writer.expunge)
        _when_free(self._vault.erasures.expunge)

    def _finish(self) -> str:
        state = self._state
        if found := self._find():
            raise StorageError(f"{len(found)} records still have the person: run this again")
        rewritten, deleted = self._records.count(state.records, state.references)
        now = self._parts.now()
        signer = ReceiptSigner(self._parts.keys.installation_key("RCP"), self._parts.keys.installation)
        receipt = signer.sign("erasure", state.id, now, self._facts(now, rewritten, deleted))
        self._audit("allowed" if state.records or state.keys else "not_found", state.references)
        self._vault.erasures.finish(state.id, receipt, now)
        # Of two who finished it at once, both give the receipt that was kept.
        return self._vault.erasures.find_receipt(state.id) or receipt

    def _facts(self, now: datetime, rewritten: int, deleted: int) -> dict[str, Any]:
        state = self._state
        return {
            "effective_at": now.isoformat(timespec="seconds"),
            "final_by": (now + FINAL_AFTER).isoformat(timespec="seconds"),
            # Backups can be read under these until then.
            "epochs": {keys.domain: [one.epoch for one in keys.epochs] for keys in self._lease},
            "references": len(state.references),
            "records": {"found": len(state.records), "rewritten": rewritten, "deleted": deleted},
            "keys_destroyed": state.keys,
            "links_removed": state.links,
            "links_left": state.links_left,
            "consents_withdrawn": state.consents,
            "prefill_answers_dropped": state.prefills,
            "not_searched": list(_NOT_SEARCHED),
        }

    # ---------------------------------------------------------------- who it is

    def _find(self) -> list[FoundRecord]:
        return self._records.find({name: self._state.references_in(name) for name in self._state.own})

    def _linked_to(self, domain: str, own: bytes) -> set[bytes]:
        links = self._vault.links.links_of(domain, [own])
        return {one for link in links for one in (link.from_reference, link.to_reference)} - {own}

    def _told(self, wanted: dict[str, Sequence[bytes]]) -> list[Person]:
        """Return what the records say of the people of these references, given by domain."""
        told = []
        for found in self._records.find(wanted):
            keys = self._lease.domain(found.planned.domain)
            # Without a key there is nothing to tell; what takes a person out needs none.
            people = self._vault.keys.find_keys(wanted[keys.domain])
            sections = reopen_sections(found.opened, people, self._vault.keys, keys)
            told += [person_of(one).person for one in sections if one.kind == "person"]
        return told

    def _borne_out(self, domain: str, linked: Iterable[bytes], told: list[Person]) -> list[bytes]:
        """Return those of the references under which some record names this person, or none names anybody."""
        said = {one: self._told({domain: [one]}) for one in sorted(linked)}
        return [one for one, people in said.items() if not people or any(_agree(a, b) for a in people for b in told)]

    def _proven_old_ids(self, told: list[Person]) -> set[str]:
        """Return the old numbers whose reference a link proved: a number that was only declared proves nothing."""
        linked = {one for proven in self._state.linked.values() for one in proven}
        everywhere = [references(self._lease.domain(name)) for name in self._state.own]
        numbers = {one.old_id for one in told if one.old_id}
        return {one for one in numbers if any(refs.subject("old_id", one) in linked for refs in everywhere)}

    # ---------------------------------------------------------------- what is written down

    def _save(self) -> None:
        _states(self._parts).save(self._state)

    def _put_on_list(self, entries: Iterable[tuple[bytes, str | None]]) -> None:
        # What was prepared before is either written now, and will be found, or is held against the list.
        with self._vault.erased.alone():
            self._vault.erased.put_on([ErasedReference(one, name, self._state.begun_at) for one, name in entries])

    def _audit_records(self, writes: Sequence[RecordWrite], deleted: Collection[bytes]) -> None:
        self._audit("allowed", self._state.references, writes, deleted)

    def _audit(
        self,
        outcome: Outcome,
        people: Collection[bytes],
        writes: Sequence[RecordWrite] = (),
        deleted: Collection[bytes] = (),
    ) -> None:
        """Append an entry; as in an ingest, it commits to the envelopes that are about to be written."""
        batch = ingest_batch([(one.record_id, sha256(one.envelope).digest()) for one in writes]) if writes else None
        entry = AuditEntry(
            actor=self._actor.id,
            client=self._actor.client_id,
            role=self._actor.role,
            agency=self._actor.agency,
            action="erase",
            purpose="ingest",
            basis="statutory_task",
            outcome=outcome,
            trace=self._trace,
            records=tuple(one.hex() for one in (*(write.record_id for write in writes), *sorted(deleted))),
            subjects=tuple(sorted(one.hex() for one in people)),
            batch=batch,
        )
        self._parts.log.append(entry).result()


def _when_free(work: Callable[[], None]) -> None:
    """Do what raises `SourceUnavailableError` while somebody reads or writes, again and again for a while."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            work()
        except SourceUnavailableError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _agree(one: Person, other: Person) -> bool:
    """Return whether two are one person by name and birth date, as far as both are given, and something is."""
    agreeing = []
    if one.full_name and other.full_name:
        agreeing.append(names_agree(one.full_name, other.full_name))
    if one.born_on and other.born_on:
        agreeing.append(dates_agree(one.born_on, other.born_on))
    return bool(agreeing) and all(agreeing)
