"""The exchange names of the national portal."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dossier import Dossier
from schemas.errors import CanonicalFormError
from schemas.exchange import from_exchange_names

ROW = {
    "MaHoSo": "H41.14-231107-0001",
    "MaTTHC": "1.001193",
    "MaDonVi": "H41.14",
    "PhienBan": "3",
    "KenhThucHien": "2",
    "TrangThaiHoSo": "10",
    "NgayTiepNhan": "20231107081500",
    "NgayHenTra": "20231109",
    "ChuHoSo": "NGUYỄN THỊ HỒNG NHUNG",
    "SoGiayToChuHoSo": "040187000123",
    "SoDienThoai": "0912345678",
    "Email": "",
    "DiaChi": "Xóm 5, xã Nghi Kim",
    "MaKetQua": "KQ.G15.000031",
    "SoKyHieu": "118/2023",
    "EFormData": {"copies": 2},
    "TaiLieuNop": [
        {"MaThanhPhanHoSo": "to-khai", "TenTepDinhKem": "Tờ khai", "DuocSoHoa": "1"},
        {"TenThanhPhanHoSo": "Giấy chứng sinh", "DuocTaiSuDung": 1, "DuocSoHoa": 1, "MaGiayTo": "P-1"},
        {"TenTepDinhKem": "Căn cước", "MaKetQuaThayThe": "KQ.G01.000007"},
        {"TenTepDinhKem": "Sổ hộ khẩu", "DuocLayTuKhoDMQG": "1"},
        {"TenTepDinhKem": "Ảnh", "DuocSoHoa": 0},
    ],
}


def test_a_row_of_the_exchange_format_means_a_dossier():
    dossier = Dossier.model_validate(from_exchange_names(ROW))
    assert (dossier.code, dossier.procedure_code, dossier.agency) == ("H41.14-231107-0001", "1.001193", "H41.14")
    assert (dossier.version, dossier.channel, dossier.status) == (3, 2, 10)
    assert dossier.received_at.isoformat() == "2023-11-07T08:15:00+07:00"
    assert dossier.due_at.isoformat() == "2023-11-09T00:00:00+07:00"
    assert dossier.applicant.full_name == "Nguyễn Thị Hồng Nhung"
    assert (dossier.applicant.citizen_id, dossier.applicant.phone) == ("040187000123", "+84912345678")
    assert dossier.applicant.email is None
    assert dossier.applicant.address.text == "Xóm 5, xã Nghi Kim"
    assert (dossier.result.code, dossier.result.number) == ("KQ.G15.000031", "118/2023")
    assert dossier.form == {"copies": 2}


def test_components_carry_how_they_were_digitised():
    components = Dossier.model_validate(from_exchange_names(ROW)).components
    assert [(one.name, one.digitised) for one in components] == [
        ("Tờ khai", 1),
        ("Giấy chứng sinh", 2),
        ("Căn cước", 3),
        ("Sổ hộ khẩu", 2),
        ("Ảnh", None),
    ]
    assert (components[0].code, components[1].paper_id) == ("to-khai", "P-1")


def test_a_number_of_nine_digits_is_an_old_id():
    applicant = from_exchange_names({**ROW, "SoGiayToChuHoSo": " 186123456 "})["applicant"]
    assert (applicant.get("citizen_id"), applicant["old_id"]) == (None, " 186123456 ")


@pytest.mark.parametrize("order", [1, -1])
def test_our_own_names_may_stand_beside_in_any_order(order):
    row = {**ROW, "applicant": {"born_on": "1987", "address": {"unit_code": "16690"}}, "result": None}
    applicant = from_exchange_names(dict(list(row.items())[::order]))["applicant"]
    assert (applicant["full_name"], applicant["born_on"]) == ("NGUYỄN THỊ HỒNG NHUNG", "1987")
    assert applicant["address"] == {"unit_code": "16690", "text": "Xóm 5, xã Nghi Kim"}


def test_the_row_itself_stays_as_it_was():
    row = {"MaHoSo": "X", "ChuHoSo": "A B", "applicant": {"born_on": "1987"}}
    from_exchange_names(row)
    assert row["applicant"] == {"born_on": "1987"}


@pytest.mark.parametrize(
    "ours", [{"applicant": "Nhung"}, {"applicant": ["Nhung"]}, {"applicant": {"address": "Nghi Kim"}}]
)
def test_a_name_of_ours_that_is_no_object_is_refused(ours):
    with pytest.raises(CanonicalFormError) as caught:
        from_exchange_names({**ROW, **ours})
    assert caught.value.reason == "exchange_mixed"
    assert "Nhung" not in str(caught.value)


@pytest.mark.parametrize("papers", ["Tờ khai", {"MaGiayTo": "1"}, ["Tờ khai"], 7])
def test_papers_that_are_no_list_of_objects_are_refused(papers):
    with pytest.raises(CanonicalFormError) as caught:
        from_exchange_names({**ROW, "TaiLieuNop": papers})
    assert caught.value.reason == "exchange_component"


def test_an_empty_list_of_papers_or_none_is_no_papers():
    assert from_exchange_names({**ROW, "TaiLieuNop": []})["components"] == []
    assert "components" not in from_exchange_names({**ROW, "TaiLieuNop": None})


_values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2) | st.just("9" * 5000)


@given(row=st.dictionaries(st.sampled_from([*ROW, "applicant", "result"]), _values))
def test_whatever_stands_in_a_row_it_is_read_or_refused(row):
    # Any other error fails the test.
    with suppress(CanonicalFormError):
        assert isinstance(from_exchange_names(row), dict)


@given(st.dictionaries(st.text("abcdeé_09"), st.integers()))
def test_keys_that_are_no_exchange_names_stay_as_they_are(row):
    assert from_exchange_names(row) == row
