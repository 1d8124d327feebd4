"""Rows and lines as sources send them. All people are made up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from indexer.sources.lines import Line, split_lines

CODE = "H41.14-231107-0001"
PAPER_ID = "H41.14-231107-0001.KQ"
MOTHER_ID = "040187000123"
FATHER_ID = "040085000456"
CHILD_ID = "040323000789"
OLD_ID = "186123456"


def make_person(**changes: Any) -> dict[str, Any]:
    """Return a person as a line has one; a change to None takes the field out."""
    return _changed(
        {"citizen_id": MOTHER_ID, "full_name": "Nguyễn Thị Hồng Nhung", "born_on": "1987-05-02", "sex": "female"},
        changes,
    )


def make_dossier(**changes: Any) -> dict[str, Any]:
    """Return a dossier's row; a change to None takes the key out."""
    dossier = {
        "code": CODE,
        "procedure_code": "1.001193",
        "agency": "H41.14",
        "version": 1,
        "channel": 2,
        "status": 9,
        "received_at": "2023-11-07T08:00:00+07:00",
        "applicant": make_person(),
    }
    return _changed(dossier, changes)


def make_birth(**changes: Any) -> dict[str, Any]:
    """Return the row of a birth registration: the mother applies, for a child who has no number yet."""
    child = {"role": "child", "full_name": "Trần Gia Bảo", "born_on": "2023-11-01", "sex": "male"}
    father = {"role": "father", "citizen_id": FATHER_ID, "full_name": "Trần Văn Hùng", "born_on": "1985-03-04"}
    mother = {"role": "mother", "citizen_id": MOTHER_ID, "full_name": "Nguyen Thi Hong Nhung"}
    return make_dossier(**{"persons": [child, father, mother], **changes})


def make_paper(**changes: Any) -> dict[str, Any]:
    """Return a paper's row: the birth certificate that ends `make_birth`."""
    paper = {
        "id": PAPER_ID,
        "kind": "KQ.G15.000031",
        "title": "Giấy khai sinh",
        "number": "118/2023",
        "holders": [{"citizen_id": CHILD_ID, "full_name": "Trần Gia Bảo", "born_on": "2023-11-01"}],
        "issuer": "H41.14",
        "issued_on": "2023-11-08",
        "permanent": True,
        "assurance": "issued_result",
        "data": {"full_name": "TRẦN GIA BẢO", "mother": {"full_name": "Nguyễn Thị Hồng Nhung"}},
        "dossier_code": CODE,
        "version": 1,
    }
    return _changed(paper, changes)


def _changed(row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


def to_bytes(rows: Iterable[Any]) -> bytes:
    """Return rows as NDJSON; bytes among them stand for themselves."""
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode()) + b"\n" for row in rows
    )


def to_lines(*rows: Any) -> list[Line]:
    """Return rows as the lines of one source."""
    return list(split_lines([to_bytes(rows)]))
