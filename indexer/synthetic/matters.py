"""What people come to a desk for: the built-in procedures with who files them, where, and what paper they end in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from indexer.synthetic.places import Home
from indexer.synthetic.weighted import Weighted

CATALOGUE = files("indexer") / "data/catalogue.ndjson"

_ADULTS = (18, 78)
_OLDEST = 97
_LEADING_DAYS = re.compile(r"\d+")
# Procedures without a fixed term, such as those of a yearly round.
_DAYS_WITHOUT_TERM = 10

# The matters that life brings, by what calls for them. All others are everyday matters.
_LIFE = {
    "birth": "1.001193",
    "linked_birth": "2.000986",
    "birth_with_recognition": "1.000689",
    "marriage": "1.000894",
    "death": "1.000656",
    "marital_status": "1.004873",
    "residence": "1.004222",
    "residence_removal": "1.003197",
    "identity_card": "1.014063",
    "funeral_support": "1.014028",
}
# Of these, people also come at any time.
_ALSO_EVERYDAY = {"1.004873", "1.004222", "1.014063"}
# Matters whose roles the synthetic people do not play: adoption, foreign spouses, a second death.
_NEVER = {
    "1.001022", "2.001263", "2.000806", "2.000528", "2.000554", "1.005461", "1.004746", "1.001731", "1.014177",
    "2.002307", "1.010824", "1.004845", "2.001583", "3.000489", "3.000334",
}  # fmt: skip

# Who files, by age of the person it is about, where that is not any adult.
_AGES = {
    "1.013133": (17, 25), "3.000346": (18, 60), "3.000347": (22, 70), "1.014027": (75, 97), "1.014171": (55, 65),
    "1.014166": (20, 45), "1.014748": (20, 58), "1.014173": (22, 60), "1.010801": (45, 90), "1.010803": (45, 95),
    "1.010833": (30, 95), "1.010816": (60, 95), "1.001776": (16, 95), "1.001699": (6, 90), "1.001653": (8, 90),
    "1.014062": (0, 13), "1.014061": (14, 20), "1.014063": (21, 90), "1.014064": (16, 80), "1.014137": (0, 90),
    "2.000635": (0, 80), "1.010041": (0, 80), "1.001456": (3, 75), "2.002854": (6, 17), "3.000182": (11, 12),
    "3.000181": (14, 16), "1.014336": (3, 15), "1.004837": (4, 15), "1.004772": (18, 80), "1.004884": (18, 85),
}  # fmt: skip

# Role of the applicant and of the other person, where a matter has two sides.
_SIDES = {
    "1.013831": ("seller", "buyer"),
    "1.013980": ("donor", "donee"),
    "2.001035": ("seller", "buyer"),
    "1.013076": ("buyer", "seller"),
    "1.004194": ("tenant", "host"),
    "2.001016": ("disclaimant", "heir"),
    "1.012812": ("claimant", "respondent"),
}

# What stands in the papers, by kind of result; papers of other kinds are decisions about one person.
_MAKER_OF_KIND = {
    "KQ.G15.000031": "birth_certificate",
    "KQ.G15.000032": "marriage_certificate",
    "KQ.H41.900001": "death_extract",
    "KQ.H41.900002": "marital_status",
    "KQ.H41.900003": "residence_confirmation",
    "KQ.H41.900005": "residence_confirmation",
    "KQ.H41.900006": "identity_card",
    "KQ.H41.900004": "business_certificate",
    "KQ.H41.900007": "land_certificate",
    "KQ.H41.900013": "driving_licence",
}
# A certified copy of the identity card is kept by the office that certified it.
_CERTIFIED_COPIES = "2.000815"
_IDENTITY_CARD_KIND = "KQ.H41.900006"

_OFFICES = (
    ("Công an cấp xã", "post"),
    ("Công an tỉnh", "police"),
    ("Phòng Cảnh sát", "police"),
    ("Ủy ban nhân dân cấp xã", "commune"),
    ("Ban chỉ huy quân sự cấp xã", "commune"),
    ("Cơ quan, tổ chức đang quản lý sổ gốc", "commune"),
    ("Trường Trung học cơ sở", "commune"),
    ("Chi nhánh Văn phòng đăng ký đất đai", "H41.04"),
    ("Sở Tài chính", "H41.05"),
    ("Trung tâm Dịch vụ việc làm", "H41.02"),
    ("Cơ sở giáo dục", "H41.08"),
    ("Trường Trung học phổ thông", "H41.08"),
)
# The provincial service centre takes in what belongs to bodies that are no part of the province: tax, insurance.
_SERVICE_CENTRE = "H41.13"


@dataclass(frozen=True, slots=True)
class FeeRate:
    """What one filing through a channel costs between two days, in dong."""

    channel: int
    amount: int
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A component of a procedure, with the kinds of paper that satisfy it."""

    code: str
    name: str
    required: bool
    case: str | None
    paper_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Matter:
    """One procedure as the synthetic world uses it.

    Attributes:
        office: `commune`, `post`, `police` or an agency code of the first province.
        term_days: working days allowed.
        ages: first and last age of the person it is about.
        applicant_role: role of the applicant where there is a second person; else empty.
        partner_role: role of the second person, or empty.
        maker: name of the maker of the paper it ends in.
        paper_kind: kind of that paper; None where it ends in none that Hoso keeps.
        copies_card: whether it certifies copies, at times one of the identity card.
    """

    code: str
    office: str
    term_days: int
    uses: int
    ages: tuple[int, int]
    requirements: tuple[Requirement, ...]
    cases: tuple[str, ...]
    fees: tuple[FeeRate, ...]
    on_the_spot: bool
    title: str
    paper_kind: str | None
    maker: str
    applicant_role: str
    partner_role: str
    copies_card: bool

    def agency(self, home: Home) -> str | None:
        """Return the agency that serves this home in this matter; None if the world knows none."""
        commune = home.commune
        if self.office == "commune":
            return commune.office
        if self.office == "post":
            return commune.police
        if self.office == "police":
            return f"{commune.province}CA" if commune.police else None
        return self.office if commune.province == "H41" else commune.province

    def fee(self, channel: int, day: date) -> int:
        """Return the fee of one filing, 0 where the catalogue has none for that channel and day."""
        for rate in self.fees:
            in_force = rate.valid_from <= day and (rate.valid_until is None or day <= rate.valid_until)
            if rate.channel == channel and in_force:
                return rate.amount
        return 0


class EverydayMatters:
    """Draws a matter as often as the catalogue says it is used, among those that fit an age."""

    def __init__(self, matters: tuple[Matter, ...]) -> None:
        life = set(_LIFE.values()) - _ALSO_EVERYDAY
        used = [matter for matter in matters if matter.code not in life | _NEVER]
        self._by_age = [
            Weighted([(m, float(m.uses)) for m in used if m.ages[0] <= age <= m.ages[1]]) for age in range(_OLDEST)
        ]

    def draw_for(self, age: int, rng: Random) -> Matter:
        """Return a matter that concerns people of that age."""
        return self._by_age[min(age, _OLDEST - 1)].draw(rng)


@cache
def matters() -> dict[str, Matter]:
    """Return all matters of the built-in catalogue, by procedure code."""
    rows = map(json.loads, CATALOGUE.read_text(encoding="utf-8").splitlines())
    return {row["code"]: _matter(row) for row in rows}


@cache
def everyday() -> EverydayMatters:
    """Return the everyday matters of the built-in catalogue."""
    return EverydayMatters(tuple(matters().values()))


def life_matter(occasion: str) -> Matter:
    """Return the matter that an occasion, such as `birth` or `marriage`, calls for."""
    return matters()[_LIFE[occasion]]


def _matter(row: dict[str, Any]) -> Matter:
    code, kind = row["code"], row["result_kind"]
    copies_card = code == _CERTIFIED_COPIES
    applicant_role, partner_role = _SIDES.get(code, ("", ""))
    return Matter(
        code=code,
        office=next((office for name, office in _OFFICES if name in row["agency"]), _SERVICE_CENTRE),
        term_days=_term_days(row["time_limit"]),
        uses=row["uses"],
        ages=_AGES.get(code, _ADULTS),
        requirements=tuple(_requirement(document) for document in row["documents"]),
        cases=tuple(case["code"] for case in row["cases"]),
        fees=tuple(_fee(rate) for rate in row["fees"]),
        on_the_spot=row["on_the_spot"],
        title="Bản sao chứng thực thẻ căn cước" if copies_card else row["result"][0].partition(";")[0],
        paper_kind=_IDENTITY_CARD_KIND if copies_card else kind,
        maker=_MAKER_OF_KIND.get(_IDENTITY_CARD_KIND if copies_card else kind, "decision"),
        applicant_role=applicant_role,
        partner_role=partner_role,
        copies_card=copies_card,
    )


def _requirement(document: dict[str, Any]) -> Requirement:
    return Requirement(
        document["code"],
        document["name"],
        document["required"],
        document["case"],
        tuple(document["paper_kinds"]),
    )


def _fee(rate: dict[str, Any]) -> FeeRate:
    until = rate["valid_until"]
    first = date.fromisoformat(rate["valid_from"]) if rate["valid_from"] else date.min
    return FeeRate(rate["channel"], rate["amount"], first, date.fromisoformat(until) if until else None)


def _term_days(time_limit: str) -> int:
    """Return the days of "7 ngày làm việc", 1 for "Trong ngày làm việc"."""
    if time_limit.startswith("Trong ngày"):
        return 1
    found = _LEADING_DAYS.match(time_limit)
    return int(found[0]) if found else _DAYS_WITHOUT_TERM
