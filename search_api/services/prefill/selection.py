"""What of a form a request may have: checked before any record is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import FieldNotAllowedError, ValidationFailedError
from schemas.prefill import PrefillRequest
from search_api.services.prefill.forms import Form, FormField, PersonSource
from search_api.services.prefill.requirements import Requirement, Requirements
from security.policy import Grant


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields and components to answer, in the order of form and table.

    Attributes:
        withheld: pointers of fields that exist and are not given, with the code of the reason.
    """

    fields: tuple[FormField, ...]
    withheld: dict[str, str]
    components: tuple[Requirement, ...]


def select(request: PrefillRequest, form: Form, table: Requirements, grant: Grant) -> Selection:
    """Return what the request asks for, as far as the grant goes.

    Raises:
        ValidationFailedError: a pointer, component, case or role that the procedure does not have.
        FieldNotAllowedError: a field asked for by name that the purpose does not cover.
    """
    _check_known(request.fields or (), {one.pointer for one in form.fields}, "fields")
    _check_known(request.components or (), {one.code for one in table.components}, "components")
    if request.case is not None and request.case not in {case.code for case in table.cases}:
        raise ValidationFailedError("the procedure has no such case", pointer="/case")
    for index, person in enumerate(request.persons):
        # Nobody is looked up whom neither the form nor a paper needs.
        if person.role not in form.roles | table.roles:
            raise ValidationFailedError("the procedure's form has no such role", pointer=f"/persons/{index}/role")
    named = frozenset(request.fields or ())
    fields = tuple(one for one in form.fields if request.fields is None or one.pointer in named)
    withheld = {one.pointer: code for one in fields if (code := _withheld(one, grant, one.pointer in named))}
    if refused := sorted(named & withheld.keys()):
        raise FieldNotAllowedError("the purpose does not cover a field that was asked for", pointer=refused[0])
    wanted = frozenset(request.components or ())
    components = tuple(one for one in table.components if request.components is None or one.code in wanted)
    return Selection(fields, withheld, components)


def _check_known(asked: Sequence[str], known: set[str], member: str) -> None:
    for index, one in enumerate(asked):
        if one not in known:
            raise ValidationFailedError(f"the procedure has no such entry of `{member}`", pointer=f"/{member}/{index}")


def _withheld(field: FormField, grant: Grant, named: bool) -> str | None:
    """Return the code of why a field is not given; None if it may be. What must be typed shows nobody's data."""
    if field.source is None:
        return None
    if field.classification == "sensitive" and not named:
        return "sensitive_not_named"
    if isinstance(field.source, PersonSource):
        allowed = grant.clears(field.source.field, named=named)
    else:
        allowed = field.classification in grant.clear
    return None if allowed else "outside_purpose"
