"""The exchange names of the national portal, read as ours: `MaHoSo` is `code`.

Source: the names that provincial systems send to the national portal; statuses and channels have the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from schemas.errors import CanonicalFormError

# Whoever sends this name sends the exchange format.
MARK = "MaHoSo"

# More digits than any number of the format has; Python refuses to read thousands of them.
_MOST_DIGITS = 18
_COMPACT_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")


def _time(value: Any) -> Any:
    """Return RFC 3339 for `20231107081500`, which means local time; anything else stays for the model to judge."""
    found = _COMPACT_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    year, month, day, hour, minute, second = (part or "00" for part in found.groups())
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}+07:00"


def _number(value: Any) -> Any:
    """Return the integer that text such as "2" stands for; anything else stays for the model to judge."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS else value


def _truth(value: Any) -> Any:
    return bool(_number(value)) if _number(value) in (0, 1) else value


def _same(value: Any) -> Any:
    return value


_Reader = Callable[[Any], Any]
_DOSSIER: dict[str, tuple[tuple[str, ...], _Reader]] = {
    "MaHoSo": (("code",), _same),
    "MaTTHC": (("procedure_code",), _same),
    "MaDonVi": (("agency",), _same),
    "PhienBan": (("version",), _number),
    "KenhThucHien": (("channel",), _number),
    "TrangThaiHoSo": (("status",), _number),
    "TrangThaiHoSoId": (("status",), _number),
    "NgayTiepNhan": (("received_at",), _time),
    "NgayHenTra": (("due_at",), _time),
    "NgayKetThucXuLy": (("finished_at",), _time),
    "NgayTra": (("returned_at",), _time),
    "ChuHoSo": (("applicant", "full_name"), _same),
    "SoGiayToChuHoSo": (("applicant", "citizen_id"), _same),
    "SoDienThoai": (("applicant", "phone"), _same),
    "Email": (("applicant", "email"), _same),
    "DiaChi": (("applicant", "address", "text"), _same),
    "MaKetQua": (("result", "code"), _same),
    "SoKyHieu": (("result", "number"), _same),
    "EFormData": (("form",), _same),
}
_COMPONENT: dict[str, str] = {
    "MaThanhPhanHoSo": "code",
    "TenThanhPhanHoSo": "name",
    "TenTepDinhKem": "name",
    "MaGiayTo": "paper_id",
}
_OLD_ID_DIGITS = 9
_COMPONENT_LISTS = ("TaiLieuNop", "ThanhPhanHoSo")


def from_exchange_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dossier line that a row of the exchange format means; our own names may stand beside.

    Raises:
        CanonicalFormError: `exchange_component`, where a list of papers is not a list of objects; `exchange_mixed`,
            where one of our names holds text and an exchange name says a part of it.
    """
    # Ours first, wherever they stand: the exchange names fill in what they leave open, or overrule it.
    ours = {key: value for key, value in row.items() if key not in _DOSSIER and key not in _COMPONENT_LISTS}
    for key, value in row.items():
        if value in (None, ""):
            continue
        if key in _DOSSIER:
            path, read = _DOSSIER[key]
            _put(ours, path, read(value))
        elif key in _COMPONENT_LISTS:
            ours["components"] = [_component(one) for one in _objects(value)]
    _tell_old_ids(ours)
    return ours


def _put(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *folders, name = path
    for folder in folders:
        inner = target.get(folder) or {}
        if not isinstance(inner, dict):
            raise CanonicalFormError(
                "exchange_mixed", "an exchange name and one of our names contradict each other", pointer=f"/{folder}"
            )
        target[folder] = dict(inner)
        target = target[folder]
    target[name] = value


def _tell_old_ids(ours: dict[str, Any]) -> None:
    """Put a number of 9 digits where it belongs: the exchange format has one name for both kinds."""
    applicant = ours.get("applicant")
    if not isinstance(applicant, dict):
        return
    number = applicant.get("citizen_id")
    if isinstance(number, str) and len(number.strip()) == _OLD_ID_DIGITS:
        applicant["old_id"] = applicant.pop("citizen_id")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    raise CanonicalFormError("exchange_component", "the list of papers is not a list of objects")


def _component(told: Mapping[str, Any]) -> dict[str, Any]:
    ours: dict[str, Any] = {}
    for key, value in told.items():
        if key in _COMPONENT and value not in (None, ""):
            ours.setdefault(_COMPONENT[key], value)
    reused_result = told.get("MaKetQuaThayThe")
    if reused_result not in (None, ""):
        ours["digitised"] = 3
    elif _truth(told.get("DuocTaiSuDung")) is True or _truth(told.get("DuocLayTuKhoDMQG")) is True:
        ours["digitised"] = 2
    elif _truth(told.get("DuocSoHoa")) is True:
        ours["digitised"] = 1
    return ours
