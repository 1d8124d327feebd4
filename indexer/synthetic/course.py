"""The course of a dossier: when it was received, due, finished, returned; in what status it stands; what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from indexer.synthetic.weighted import Weighted

# Channels by year of receipt: at the desk, online, by post. Online filing grew from a tenth to most.
_CHANNELS = {
    2019: Weighted([(1, 90.0), (2, 8.0), (3, 2.0)]),
    2021: Weighted([(1, 74.0), (2, 23.0), (3, 3.0)]),
    2023: Weighted([(1, 46.0), (2, 50.0), (3, 4.0)]),
    2025: Weighted([(1, 25.0), (2, 72.0), (3, 3.0)]),
}
# How dossiers end that ended at all: returned, decided, stopped, rejected at intake, withdrawn.
_ENDS = Weighted([(10, 90.8), (9, 2.2), (8, 2.6), (3, 2.9), (7, 1.5)])
# Where those stand that are being worked on: in process, accepted, awaiting supplement or payment, registered.
_OPEN = Weighted([(4, 58.0), (2, 14.0), (5, 14.0), (6, 8.0), (1, 6.0)])

# A dossier of the last weeks is at times held up beyond all terms.
_RECENT_DAYS = 120
_HELD_UP_SHARE = 0.05
_LATE_SHARE = 0.06
_SUPPLEMENT_SHARE = 0.07
_SECOND_SUPPLEMENT_SHARE = 0.1

_RETURN_REASONS = Weighted(
    [
        ("Thiếu thành phần hồ sơ: {paper}", 30.0),
        ("Tờ khai không đúng mẫu hiện hành", 12.0),
        ("Họ tên trong tờ khai không khớp với giấy tờ tùy thân", 11.0),
        ("Ngày sinh trong tờ khai không khớp với giấy khai sinh", 6.0),
        ("Giấy tờ đã hết hạn: {paper}", 8.0),
        ("Bản chụp mờ, không đọc được: {paper}", 9.0),
        ("Chưa nộp phí, lệ phí trong thời hạn thông báo", 7.0),
        ("Không thuộc thẩm quyền giải quyết của cơ quan tiếp nhận", 6.0),
        ("Số căn cước trong tờ khai khác với cơ sở dữ liệu dân cư", 4.0),
        ("Chữ ký trong tờ khai không phải của người yêu cầu", 3.0),
        ("Hồ sơ nộp trùng với hồ sơ đang giải quyết", 4.0),
    ]
)
_SUPPLEMENT_REASONS = Weighted(
    [
        ("Bổ sung: {paper}", 46.0),
        ("Chụp lại rõ hơn: {paper}", 20.0),
        ("Sửa họ tên trong tờ khai theo giấy tờ tùy thân", 14.0),
        ("Ghi rõ địa chỉ nơi cư trú hiện nay", 10.0),
        ("Ký và ghi rõ họ tên vào tờ khai", 10.0),
    ]
)


@dataclass(slots=True)
class Course:
    """What happened to one dossier. Times are RFC 3339 in the time of Vietnam; None is what has not happened."""

    channel: int
    status: int
    received_at: str
    due_at: str
    finished_at: str | None = None
    returned_at: str | None = None
    finished_on: date | None = None
    supplements: tuple[dict[str, Any], ...] = ()
    return_reason: str | None = None

    @property
    def decided(self) -> bool:
        """Return whether it ended in a result."""
        return self.status in (9, 10)

    @property
    def version(self) -> int:
        """Return how often the one-stop system wrote it: with each status and each supplement."""
        steps = {1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 4, 8: 4, 9: 5, 10: 6}
        return steps[self.status] + 2 * len(self.supplements)


def run_course(day: date, term_days: int, paper: str, rng: Random, today: date) -> Course:
    """Return the course of a dossier received on `day`, as it stands on `today`.

    Args:
        day: when it came in; at a weekend it came in online.
        term_days: working days the procedure allows, at least 1.
        paper: a component's name, for reasons that name one.
        rng: the only source of chance.
        today: nothing lies after it.
    """
    channel = _CHANNELS[max(year for year in _CHANNELS if year <= day.year)].draw(rng)
    if day.weekday() >= 5:  # Desks and post offices are closed.
        channel = 2
    due = working_day(day + timedelta(days=-(-term_days * 7 // 5)))
    course = Course(channel, 0, at(day, channel, rng), f"{due.isoformat()}T17:00:00+07:00")
    asked = _asked_days(day, rng)
    ended = max(_end_day(day, due, rng), *(after + timedelta(days=1) for _, after in asked), day)
    held_up = (today - day).days < _RECENT_DAYS and rng.random() < _HELD_UP_SHARE
    if ended > today or held_up:
        course.status = _OPEN.draw(rng)
        asked = [(today, today)] if course.status == 5 else []
    else:
        course.status = _ENDS.draw(rng)
        _end(course, day, ended, paper, rng, today)
    course.supplements = tuple(
        {
            "requested_at": f"{first.isoformat()}T16:46:00+07:00"
            if first > day
            else f"{first.isoformat()}T23:00:00+07:00",
            "reason": _SUPPLEMENT_REASONS.draw(rng).format(paper=paper),
            "answered_at": None if course.status == 5 else f"{after.isoformat()}T08:05:00+07:00",
        }
        for first, after in asked
    )
    return course


def working_day(day: date) -> date:
    """Return the day, or the Monday after it if it is on a weekend."""
    return day + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[day.weekday()])


def at(day: date, channel: int, rng: Random) -> str:
    """Return a time of the day as RFC 3339: in office hours, or between 6 and 22 when filed online."""
    minute = rng.randrange(6 * 60, 22 * 60) if channel == 2 else rng.randrange(7 * 60 + 30, 16 * 60 + 45)
    return f"{day.isoformat()}T{minute // 60:02}:{minute % 60:02}:{rng.randrange(60):02}+07:00"


def _end_day(day: date, due: date, rng: Random) -> date:
    """Return when it ends: most well before the term, some after it."""
    if rng.random() < _LATE_SHARE:
        return working_day(due + timedelta(days=rng.randint(1, 25)))
    return working_day(day + timedelta(days=int((due - day).days * (0.25 + 0.7 * rng.random()))))


def _end(course: Course, day: date, ended: date, paper: str, rng: Random, today: date) -> None:
    # After office hours, and after any hour of online filing, so that nothing ends before it was received.
    time = "T22:30:00+07:00" if ended == day and course.channel == 2 else "T16:50:00+07:00"
    course.finished_at, course.finished_on = f"{ended.isoformat()}{time}", ended
    if course.status in (3, 8):
        course.return_reason = _RETURN_REASONS.draw(rng).format(paper=paper)
    if course.status == 10:
        handed = ended if course.channel == 2 else working_day(ended + timedelta(days=rng.randint(0, 6)))
        if handed > today:
            course.status = 9
        elif handed == ended:
            course.returned_at = course.finished_at
        else:
            course.returned_at = at(handed, 1, rng)


def _asked_days(day: date, rng: Random) -> list[tuple[date, date]]:
    """Return the days on which supplements were asked for and given: mostly none, rarely two."""
    if rng.random() >= _SUPPLEMENT_SHARE:
        return []
    first = (day + timedelta(days=1), day + timedelta(days=rng.randint(2, 4)))
    if rng.random() >= _SECOND_SUPPLEMENT_SHARE:
        return [first]
    return [first, (first[1] + timedelta(days=1), first[1] + timedelta(days=3))]
