"""Communes of both provinces, before and after July 2025, and the homes in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from indexer.agencies import AgencyTree
from indexer.synthetic.weighted import Weighted
from schemas.units import REFORM_DAY, Units

# Share of dossiers' people whose home is in the second province.
_SECOND_PROVINCE_SHARE = 0.13
_PROVINCE_NAMES = {"H41": "tỉnh Nghệ An", "H56": "tỉnh Thanh Hóa"}
# Birth province, the first three digits of a citizen id, of those born at home.
BIRTH_PROVINCES = {"H41": "040", "H56": "038"}

# Rounded shares of peoples by the district before the reform; elsewhere nearly all are Kinh.
_PEOPLES: dict[str, tuple[tuple[str, float], ...]] = {
    "Huyện Kỳ Sơn": (("Mông", 38), ("Khơ Mú", 34), ("Thái", 26), ("Kinh", 2)),
    "Huyện Tương Dương": (("Thái", 73), ("Khơ Mú", 11), ("Kinh", 10), ("Mông", 6)),
    "Huyện Con Cuông": (("Thái", 74), ("Kinh", 26)),
    "Huyện Quế Phong": (("Thái", 84), ("Kinh", 8), ("Mông", 5), ("Khơ Mú", 3)),
    "Huyện Quỳ Châu": (("Thái", 80), ("Kinh", 20)),
    "Huyện Quỳ Hợp": (("Kinh", 45), ("Thái", 38), ("Thổ", 17)),
    "Huyện Nghĩa Đàn": (("Kinh", 70), ("Thổ", 15), ("Thái", 15)),
    "Huyện Tân Kỳ": (("Kinh", 75), ("Thổ", 14), ("Thái", 11)),
    "Huyện Anh Sơn": (("Kinh", 92), ("Thái", 8)),
    "Huyện Mường Lát": (("Thái", 46), ("Mông", 42), ("Khơ Mú", 5), ("Kinh", 4), ("Mường", 3)),
    "Huyện Như Thanh": (("Kinh", 65), ("Mường", 20), ("Thái", 15)),
    "Huyện Thạch Thành": (("Mường", 51), ("Kinh", 49)),
}
_MOSTLY_KINH = (("Kinh", 99.4), ("Thái", 0.4), ("Mường", 0.2))
_MOUNTAIN_SHARE_OF_KINH = 50

_STREETS = (
    "Quang Trung", "Lê Lợi", "Nguyễn Trãi", "Trần Phú", "Hồ Tùng Mậu", "Phan Bội Châu", "Lê Hồng Phong",
    "Nguyễn Thị Minh Khai", "Nguyễn Du", "Đặng Thái Thân", "Hà Huy Tập", "Mai Hắc Đế", "Phong Đình Cảng",
    "Nguyễn Sỹ Sách", "Lý Thường Kiệt", "Trường Chinh", "Ngô Gia Tự", "Cao Thắng", "Lê Hoàn", "Tống Duy Tân",
)  # fmt: skip
_VILLAGES = (
    "Na Loi", "Huồi Giảng", "Xốp Tụ", "Piêng Phô", "Na Ngân", "Vẽ", "Khe Ngậu", "Huồi Cáng", "Xiềng", "Mác",
    "Tùng Hương", "Phà Lài", "Na Niếng", "Hủa Mương", "Đồng Minh", "Quang Hưng", "Cọ Muồng", "Châu Sơn",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OldUnit:
    """A commune as it was before the reform."""

    code: str
    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Commune:
    """A commune of today with what it was made of.

    Attributes:
        province: `H41` or `H56`, which is also the key domain of its commune office.
        office: agency code of the commune office.
        police: agency code of the commune's police post; None where no police agency is known.
        path: name with the province, as it ends an address since July 2025.
        peoples: ethnicities of its inhabitants.
    """

    province: str
    code: str
    path: str
    office: str
    police: str | None
    old_units: tuple[OldUnit, ...]
    peoples: Weighted[str]
    urban: bool
    mountain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """A dwelling: the same house under the address before and since the reform, as `address` objects of a line."""

    commune: Commune
    before: dict[str, str]
    since: dict[str, str]

    def address_on(self, day: date) -> dict[str, str]:
        """Return the address that was valid on `day`; not to be changed."""
        return self.before if day < REFORM_DAY else self.since


class Places:
    """All communes people can live in, and the offices of the provinces."""

    def __init__(self) -> None:
        communes = list(_communes(AgencyTree.built_in()))
        self._by_province = {
            province: Weighted([(c, _weight(c)) for c in communes if c.province == province])
            for province in _PROVINCE_NAMES
        }

    def commune(self, rng: Random) -> Commune:
        """Return a commune of either province."""
        return self.commune_of("H56" if rng.random() < _SECOND_PROVINCE_SHARE else "H41", rng)

    def commune_of(self, province: str, rng: Random) -> Commune:
        """Return a commune of one province."""
        return self._by_province[province].draw(rng)

    @staticmethod
    def home(commune: Commune, rng: Random) -> Home:
        """Return a dwelling in the commune."""
        house = _house(commune, rng)
        old = rng.choice(commune.old_units)
        return Home(
            commune,
            {"unit_code": old.code, "text": f"{house}, {old.path}"},
            {"unit_code": commune.code, "text": f"{house}, {commune.path}"},
        )


@cache
def places() -> Places:
    """Return the one set of places of this process."""
    return Places()


def _communes(tree: AgencyTree) -> Iterator[Commune]:
    """Yield each commune that has an office in the tree, with its police post if the tree has one."""
    agencies = [tree.agency(code) for domain in tree.domains() for code in tree.codes_of(domain)]
    posts = {agency.unit_code: agency.code for agency in agencies if agency.level == "post"}
    for office in agencies:
        if office.level != "commune" or office.unit_code is None:
            continue
        province = tree.domain_of(office.code)
        unit = Units.built_in().current(office.unit_code)
        old_units = Units.built_in().predecessors(office.unit_code)
        assert unit is not None, "the table of units holds every commune that has an office"
        tail = _PROVINCE_NAMES[province]
        peoples = _PEOPLES.get(old_units[0].district or "", _MOSTLY_KINH)
        yield Commune(
            province=province,
            code=unit.code,
            path=f"{_lowered(unit.name)}, {tail}",
            office=office.code,
            police=posts.get(unit.code),
            old_units=tuple(
                OldUnit(old.code, f"{_lowered(old.name)}, {_lowered(old.district or '')}, {tail}") for old in old_units
            ),
            peoples=Weighted(peoples),
            urban=unit.name.startswith("Phường"),
            mountain=dict(peoples).get("Kinh", 0) <= _MOUNTAIN_SHARE_OF_KINH,
        )


def _weight(commune: Commune) -> float:
    """Return a rough number of inhabitants: towns hold three times a plain commune, the mountains half of one."""
    if commune.urban:
        return 3.0
    return 0.5 if commune.mountain else 1.0


def _house(commune: Commune, rng: Random) -> str:
    if commune.urban:
        quarter = f"khối {rng.randint(1, 20)}" if commune.province == "H41" else f"tổ dân phố {rng.randint(1, 12)}"
        if rng.random() < 0.5:
            return f"Số {rng.randint(1, 280)}, đường {rng.choice(_STREETS)}, {quarter}"
        return quarter.capitalize()
    if commune.mountain:
        return f"Bản {rng.choice(_VILLAGES)}"
    return f"{'Xóm' if commune.province == 'H41' else 'Thôn'} {rng.randint(1, 18)}"


def _lowered(name: str) -> str:
    """Return "Thành phố Vinh" as "thành phố Vinh", "Thị Xã Hoàng Mai" as "thị xã Hoàng Mai"."""
    for kind in ("Thành phố", "Thị xã", "Thị trấn", "Huyện", "Phường", "Xã", "Quận"):
        if name.lower().startswith(kind.lower() + " "):
            return kind.lower() + name[len(kind) :]
    return name
