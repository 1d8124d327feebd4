"""Papers that finished dossiers issue: who holds them, what stands in them, how long they are valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from indexer.synthetic.noise import PAPER_RATES, Typist
from indexer.synthetic.people import Person

Values = dict[str, Any]

_TYPIST = Typist(PAPER_RATES)
# Shares of papers whose copy a clerk certified, or whose text a machine read, instead of the result itself.
_VERIFIED_SHARE, _OCR_SHARE = 0.05, 0.04
_LAND_SERIES = ("BX", "CĐ", "CH", "CS", "DA", "DĐ", "AA")
_TRADES = (
    "Bán lẻ hàng tạp hóa", "Dịch vụ ăn uống", "Sửa chữa xe máy", "May mặc", "Chăn nuôi gia cầm", "Cơ khí, hàn xì",
    "Bán thuốc bảo vệ thực vật", "Cắt tóc, gội đầu", "Vận tải hàng hóa", "Cho thuê phòng trọ", "Chế biến nước mắm",
)  # fmt: skip
_LICENCE_CLASSES = ("A1", "A1", "A1", "A1", "B2", "B2", "C")
_UNLIMITED_AGE = 60


@dataclass(frozen=True, slots=True)
class Cast:
    """The people a paper is about, as the dossier names them: each role with its people."""

    applicant: Person
    roles: tuple[tuple[str, Person], ...]

    def first(self, *roles: str) -> Person:
        """Return the first person in one of the roles, or the applicant."""
        return next((person for role, person in self.roles if role in roles), self.applicant)

    def all(self, role: str) -> list[Person]:
        """Return the people in the role, in order."""
        return [person for name, person in self.roles if name == role]


@dataclass(slots=True)
class Draft:
    """What one kind of paper says; `issue` adds what all papers have."""

    holders: list[Person]
    number: str
    data: Values
    valid_until: date | None = None
    with_old_ids: bool = False


Maker = Callable[[Cast, date, Random], Draft]


def person_values(person: Person, day: date) -> Values:
    """Return what a paper of that day says of its holder."""
    values = relative_values(person)
    values["sex"] = person.sex
    values["ethnicity"] = person.ethnicity
    values["nationality"] = "Việt Nam"
    values["address"] = person.home_on(day).address_on(day)
    return values


def relative_values(person: Person) -> Values:
    """Return what a paper says of its holder's kin."""
    return {"citizen_id": person.citizen_id, "full_name": person.full_name, "born_on": person.born_on.isoformat()}


def birth_certificate(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a birth certificate: it carries the number that the child did not have yet when the dossier came in."""
    child = cast.first("child")
    data = person_values(child, day)
    data["birthplace"] = child.homes[0][1].commune.path
    for role, parent in (("mother", child.mother), ("father", child.father)):
        if parent is not None:
            data[role] = {**relative_values(parent), "ethnicity": parent.ethnicity}
    return Draft([child], f"{rng.randint(1, 420)}/{day.year}", data)


def marriage_certificate(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a marriage certificate: two holders, the second as `spouse` of the first."""
    couple = cast.all("spouse") or [p for p in (cast.applicant, cast.applicant.spouse) if p is not None]
    data = {**person_values(couple[0], day), "registered_on": (couple[0].married_on or day).isoformat()}
    if len(couple) > 1:
        data["spouse"] = {**relative_values(couple[1]), "ethnicity": couple[1].ethnicity}
    return Draft(couple, f"{rng.randint(1, 160)}/{day.year}", data)


def death_extract(cast: Cast, day: date, rng: Random) -> Draft:
    """Return an extract of the register of deaths."""
    dead = cast.first("deceased")
    data = {**person_values(dead, day), "died_on": (dead.died_on or day).isoformat()}
    return Draft([dead], f"{rng.randint(1, 200)}/TLKT-BS", data)


def marital_status(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a confirmation of marital status: valid for six months."""
    holder = cast.applicant
    married = holder.married_on is not None and holder.married_on <= day
    data = {**person_values(holder, day), "marital_status": "Đã kết hôn" if married else "Chưa đăng ký kết hôn"}
    if married and holder.spouse is not None:
        data["spouse"] = relative_values(holder.spouse)
    return Draft([holder], f"{rng.randint(1, 600)}/UBND-XNTTHN", data, _months_later(day, 6))


def residence_confirmation(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a confirmation of residence (CT07): valid for one year."""
    holder = cast.first("child", "household_member") if cast.roles else cast.applicant
    data = person_values(holder, day)
    for role, parent in (("mother", holder.mother), ("father", holder.father)):
        if parent is not None and parent.homes is holder.homes:
            data[role] = relative_values(parent)
    holders = [holder] if holder is cast.applicant else [holder, cast.applicant]
    return Draft(holders, f"{rng.randint(1, 9000)}/XNCT", data, _months_later(day, 12))


def identity_card(cast: Cast, day: date, _rng: Random) -> Draft:
    """Return an identity card with its confirmation of the old number: this pair is what links the two numbers."""
    holder = cast.first("child")
    data = {**person_values(holder, day), "hometown": holder.homes[0][1].commune.path}
    if holder.old_id:
        data["old_id"] = holder.old_id
    return Draft([holder], holder.citizen_id, data, _card_end(holder, day), with_old_ids=True)


def business_certificate(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a household business certificate."""
    owner = cast.applicant
    trade = rng.choice(_TRADES)
    name = f"Hộ kinh doanh {owner.full_name}"
    data = {
        **person_values(owner, day),
        "business_name": name,
        "business_lines": [trade],
        "capital": rng.randint(2, 90) * 10_000_000,
        "place_of_business": owner.home_on(day).address_on(day)["text"],
    }
    return Draft([owner], f"27{rng.choice('ABCDEGHK')}8{rng.randrange(10**6):06}", data)


def land_certificate(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a land certificate of the buyer, donee or heir, held with the spouse; else of the applicant."""
    owner = cast.first("buyer", "donee", "heir")
    spouse = owner.spouse
    together = spouse is not None and spouse.alive_on(day) and owner.married_on is not None and owner.married_on <= day
    data = {
        **person_values(owner, day),
        "parcel": rng.randint(1, 900),
        "map_sheet": rng.randint(1, 90),
        "area_m2": rng.randint(60, 1800),
        "land_use": rng.choice(("Đất ở", "Đất ở và đất trồng cây lâu năm")),
    }
    if together and spouse is not None:
        data["spouse"] = relative_values(spouse)
    holders = [owner, spouse] if together and spouse is not None else [owner]
    return Draft(holders, f"{rng.choice(_LAND_SERIES)} {rng.randrange(10**6, 10**8):08}", data)


def driving_licence(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a driving licence: motorcycles without end, cars ten years, lorries five."""
    holder = cast.applicant
    licence = rng.choice(_LICENCE_CLASSES)
    years = {"B2": 10, "C": 5}.get(licence)
    number = f"{holder.birth_province[1:]}{holder.born_on.year % 100:02}{rng.randrange(10**8):08}"
    data = {**person_values(holder, day), "licence_class": licence}
    return Draft([holder], number, data, _months_later(day, 12 * years) if years else None)


def decision(cast: Cast, day: date, rng: Random) -> Draft:
    """Return a decision or confirmation about the applicant, or about the person the dossier is for."""
    holder = cast.first("child", "beneficiary", "deceased")
    return Draft([holder], f"{rng.randint(1, 2500)}/QĐ-UBND", person_values(holder, day))


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        birth_certificate, marriage_certificate, death_extract, marital_status, residence_confirmation, identity_card,
        business_certificate, land_certificate, driving_licence, decision,
    )
}  # fmt: skip


def issue(
    draft: Draft,
    *,
    kind: str,
    title: str,
    issuer: str,
    dossier_code: str,
    day: date,
    verified_copy: bool,
    rng: Random,
) -> dict[str, Any]:
    """Return the line of a paper that a dossier issued on `day`.

    Args:
        draft: what it says; its data is changed as a clerk's typing changes it.
        kind: such as `KQ.G15.000031`.
        title: the paper's official name.
        issuer: agency code, which is also the paper's scope.
        dossier_code: the dossier it came from; its own id begins with it.
        day: the day of issue.
        verified_copy: whether a clerk certified a copy, instead of issuing the paper.
        rng: the only source of chance.
    """
    drawn = rng.random()
    data = draft.data
    _TYPIST.type(data, draft.holders[0], rng)
    paper_id = f"{dossier_code}.KQ"
    paper: dict[str, Any] = {
        "id": paper_id,
        "kind": kind,
        "title": title,
        "number": draft.number,
        "holders": [_holder(person, draft.with_old_ids) for person in draft.holders],
        "issuer": issuer,
        "issued_on": day.isoformat(),
    }
    if draft.valid_until is None:
        paper["permanent"] = True
    else:
        paper["valid_until"] = draft.valid_until.isoformat()
    paper["assurance"] = "verified_copy" if verified_copy else _assurance(drawn)
    paper["data"] = data
    paper["dossier_code"] = dossier_code
    paper["file"] = {
        "uri": f"kho://{issuer.partition('.')[0]}/{day.year}/{paper_id}.pdf",
        "sha256": f"{rng.getrandbits(256):064x}",
        "media_type": "application/pdf",
        "signed": drawn >= _VERIFIED_SHARE + _OCR_SHARE,
    }
    paper["version"] = 1
    return paper


def _assurance(drawn: float) -> str:
    if drawn < _OCR_SHARE:
        return "extracted_ocr"
    return "verified_copy" if drawn < _OCR_SHARE + _VERIFIED_SHARE else "issued_result"


def _holder(person: Person, with_old_id: bool) -> Values:
    values = relative_values(person)
    if with_old_id and person.old_id:
        values["old_id"] = person.old_id
    return values


def _card_end(holder: Person, day: date) -> date | None:
    """Return the birthday on which a card issued on `day` ends: the 14th, 25th, 40th or 60th; none after that."""
    for age in (14, 25, 40, _UNLIMITED_AGE):
        # A card made in the last two years before an end is valid until the next one.
        if holder.age_on(day) < age - 2:
            return date(holder.born_on.year + age, holder.born_on.month, min(holder.born_on.day, 28))
    return None


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))
