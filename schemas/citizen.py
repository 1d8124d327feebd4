"""A person as a dossier or a paper names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.text import CitizenId, Email, FullName, OldId, PartialDate, Passport, Phone, PlainText

Sex = Literal["male", "female", "unknown"]


class Address(BaseModel):
    """Where someone lives. `unit_code` is a commune's code as of the dossier's date."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    unit_code: PlainText | None = None
    text: PlainText | None = None


class Person(BaseModel):
    """A person with what one record says of them; any field may be missing, at birth even the name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    citizen_id: CitizenId | None = None
    old_id: OldId | None = None
    passport: Passport | None = None
    full_name: FullName | None = None
    born_on: PartialDate | None = None
    sex: Sex | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Address | None = None
    birthplace: PlainText | None = None
    hometown: PlainText | None = None
    nationality: PlainText | None = None
    occupation: PlainText | None = None
    marital_status: PlainText | None = None
    ethnicity: PlainText | None = None
    religion: PlainText | None = None


class RolePerson(Person):
    """A person under the role played in a dossier, such as `child`, `mother`, `spouse`, `buyer`."""

    role: Annotated[PlainText, Field(min_length=1, max_length=50)]
