"""The tree of agencies: who is below whom, and under which key domain each one's records are sealed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType

from pydantic import ValidationError

from schemas.agency import Agency
from schemas.errors import ValidationFailedError


class AgencyLineError(ValidationFailedError):
    """A line of an agencies file is no agency. `line` counts from 1."""

    def __init__(self, message: str, *, line: int, pointer: str | None = None) -> None:
        """Say which line and what is wrong with it."""
        super().__init__(f"agencies, line {line}: {message}", pointer=pointer)
        self.line = line


class AgencyCycleError(ValidationFailedError):
    """An agency is its own superior, directly or through others."""


class AgencyTree:
    """All known agencies. Immutable: `with_agencies` returns a new tree.

    What a line leaves out is derived: the parent is the code without its last dotted part, the domain is the parent's.
    A parent of null, stated, makes the agency the top of a tree. Of an agency that no line names, the domain is the
    first part of its code (contract.md, section 2).
    """

    __slots__ = ("_agencies", "_by_domain", "_children")

    def __init__(self, agencies: Iterable[Agency]) -> None:
        """Keep `agencies`; of two with one code the later counts.

        Raises:
            AgencyCycleError: an agency is among its own ancestors.
        """
        self._agencies: Mapping[str, Agency] = MappingProxyType({agency.code: agency for agency in agencies})
        children: dict[str, set[str]] = defaultdict(set)
        for code in self._agencies:
            path = (code, *self.ancestors(code))
            # Bodies on the way that no line names are nodes too, else those below them would be lost.
            for below, above in pairwise(path):
                children[above].add(below)
        self._children = {above: tuple(sorted(below)) for above, below in children.items()}
        by_domain: dict[str, list[str]] = defaultdict(list)
        for code in sorted(self._agencies):
            by_domain[self.domain_of(code)].append(code)
        self._by_domain = {domain: tuple(codes) for domain, codes in by_domain.items()}

    @classmethod
    def from_lines(cls, lines: Iterable[str | bytes]) -> AgencyTree:
        """Return the tree of NDJSON lines; empty lines are skipped.

        Raises:
            AgencyLineError: a line is no agency; says which line and which key.
            AgencyCycleError: an agency is among its own ancestors.
        """
        return cls(_agency(line, number) for number, line in enumerate(lines, 1) if line.strip())

    @staticmethod
    @cache
    def built_in() -> AgencyTree:
        """Return the agencies that come with the project, read once in a process."""
        text = files("indexer").joinpath("data/agencies.ndjson").read_text(encoding="utf-8")
        return AgencyTree.from_lines(text.splitlines())

    def with_agencies(self, agencies: Iterable[Agency]) -> AgencyTree:
        """Return a tree that has `agencies` too; one with a known code replaces the known one."""
        return AgencyTree((*self._agencies.values(), *agencies))

    def agency(self, code: str) -> Agency:
        """Return the agency `code`, its parent and domain filled in; one that no line names has its code as name."""
        named = self._agencies.get(code)
        if named is None:
            return Agency(code=code, name=code, parent=_parent_by_code(code), domain=_domain_by_code(code))
        return named.model_copy(update={"parent": self._parent(code), "domain": self.domain_of(code)})

    def domain_of(self, code: str) -> str:
        """Return the name of the key domain that records of the agency are sealed under."""
        named = self._agencies.get(code)
        if named is None:
            return _domain_by_code(code)
        if named.domain is not None:
            return named.domain
        parent = self._parent(code)
        return _domain_by_code(code) if parent is None else self.domain_of(parent)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Return the agencies above `code`, nearest first; empty for the top of a tree.

        Raises:
            AgencyCycleError: while a tree is built, and never of a built one.
        """
        path: dict[str, None] = {}
        above = self._parent(code)
        while above is not None:
            if above == code or above in path:
                raise AgencyCycleError(f"agency {above} is its own superior: {' > '.join((code, *path, above))}")
            path[above] = None
            above = self._parent(above)
        return tuple(path)

    def descendants(self, code: str) -> tuple[str, ...]:
        """Return `code` and the known agencies below it, at every depth: those above first, else by code."""
        found = [code]
        # The list grows while it is walked: breadth first.
        for above in found:
            found += self._children.get(above, ())
        return tuple(found)

    def is_within(self, code: str, ancestor: str) -> bool:
        """Return whether `code` is `ancestor` or stands below it."""
        return code == ancestor or ancestor in self.ancestors(code)

    def codes_of(self, domain: str) -> tuple[str, ...]:
        """Return the codes of the named agencies of one key domain, sorted."""
        return self._by_domain.get(domain, ())

    def codes(self) -> tuple[str, ...]:
        """Return the codes of all named agencies, sorted."""
        return tuple(sorted(self._agencies))

    def domains(self) -> tuple[str, ...]:
        """Return the key domains of the named agencies, sorted."""
        return tuple(sorted(self._by_domain))

    def _parent(self, code: str) -> str | None:
        named = self._agencies.get(code)
        if named is not None and "parent" in named.model_fields_set:
            return named.parent
        return _parent_by_code(code)


def _parent_by_code(code: str) -> str | None:
    return code.rpartition(".")[0] or None


def _domain_by_code(code: str) -> str:
    return code.partition(".")[0]


def _agency(line: str | bytes, number: int) -> Agency:
    try:
        return Agency.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "".join(f"/{part}" for part in first["loc"])
        raise AgencyLineError(first["msg"], line=number, pointer=pointer or None) from None
