"""A few values of the filed form of each kind of matter, free text with the short forms of clerks among them."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from indexer.synthetic.biographies import Event
from indexer.synthetic.people import Person
from indexer.synthetic.weighted import Weighted

_NOTE_SHARE = 0.3
_SHORT_SURNAMES = {"Nguyễn": "Ng.", "Trần": "Tr.", "Phạm": "Ph.", "Hoàng": "H.", "Lê": "L."}
_NOTES = Weighted(
    [
        ("{name} nhờ người nhà nhận kết quả thay", 4.0),
        ("Xin nhận kết quả qua bưu điện", 5.0),
        ("Đã nộp bản giấy tại bộ phận một cửa", 3.0),
        ("Đề nghị gọi cho {name} trước khi trả kết quả", 3.0),
        ("Ông/bà {name} đã bổ sung giấy tờ ngày hôm trước", 2.0),
        ("Hồ sơ nộp lại, lần trước bị trả do thiếu giấy tờ", 2.0),
        ("Cần gấp để làm hồ sơ đi học, đi làm xa", 2.0),
    ]
)
_HOSPITALS = (
    "Bệnh viện Hữu nghị Đa khoa Nghệ An", "Bệnh viện Sản Nhi Nghệ An", "Trung tâm y tế huyện Diễn Châu",
    "Trung tâm y tế huyện Yên Thành", "Bệnh viện Phụ sản Thanh Hóa", "Trạm y tế xã",
)  # fmt: skip
_PURPOSES = (
    "Đăng ký kết hôn",
    "Vay vốn ngân hàng",
    "Chuyển nhượng đất",
    "Bổ sung hồ sơ xin việc",
    "Đi lao động nước ngoài",
)


def form_of(event: Event, day: date, rng: Random) -> dict[str, Any]:
    """Return the form of a dossier filed on `day`."""
    form: dict[str, Any] = {"copies": rng.randint(0, 5)}
    maker = event.matter.maker
    if maker == "birth_certificate":
        form["birthplace"] = rng.choice(_HOSPITALS)
    elif maker == "marital_status":
        form["purpose"] = rng.choice(_PURPOSES)
    elif maker == "death_extract":
        form["cause_of_death"] = "Bệnh" if rng.random() < 0.5 else "Tuổi già"
    elif maker == "land_certificate":
        form["parcel"] = rng.randint(1, 900)
        form["area_m2"] = rng.randint(60, 1800)
    elif maker == "business_certificate":
        form["capital"] = rng.randint(2, 90) * 10_000_000
        form["place_of_business"] = event.applicant.home_on(day).address_on(day)["text"]
    if rng.random() < _NOTE_SHARE:
        form["note"] = _NOTES.draw(rng).format(name=shortened(event.applicant))
    return form


def shortened(person: Person) -> str:
    """Return the name as clerks shorten it in notes: Ng. Văn An, Trần T. Hoa."""
    surname, *middle, given = person.full_name.split(" ")
    if surname in _SHORT_SURNAMES:
        return " ".join((_SHORT_SURNAMES[surname], *middle, given))
    return " ".join((surname, *(f"{syllable[0]}." for syllable in middle), given))
