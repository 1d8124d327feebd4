"""Words of a question that name nothing: "thủ tục", "tôi muốn", "cần giấy tờ gì", "ở đâu".

They are taken out of a query, never out of the index. Most are phrases, as most single words are part of some name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from schemas.vietnamese import fold, syllables

_PHRASES = """
thủ tục|làm thủ tục|hồ sơ thủ tục|trình tự thủ tục|trình tự thực hiện|quy trình
tôi muốn|tôi cần|em muốn|em cần|mình muốn|mình cần|con muốn|cháu muốn|muốn xin|cần xin|muốn làm|cần làm|phải làm
tôi muốn hỏi|cho tôi hỏi|cho em hỏi|cho mình hỏi|cho con hỏi|cho cháu hỏi|cho hỏi|xin hỏi|muốn hỏi|xin cho biết
cho tôi biết|cho biết|vui lòng|làm ơn|giúp tôi|giúp em|giúp mình|kính gửi cơ quan|xin chào|chào ad
cần giấy tờ gì|cần những giấy tờ gì|cần các giấy tờ gì|cần giấy gì|giấy tờ gì|những giấy tờ gì|mang theo giấy gì
mang giấy tờ gì|mang giấy gì|mang theo gì|cần mang gì|hồ sơ gồm những gì|hồ sơ gồm gì|hồ sơ cần gì|hồ sơ cần những gì
hồ sơ gồm những giấy tờ gì|gồm những gì|gồm những giấy tờ gì|cần những gì|cần gì|cần hồ sơ gì|chuẩn bị gì
cần chuẩn bị gì|chuẩn bị những gì|cần điều kiện gì|điều kiện gì|phải làm gì|làm gì|là gì|làm thủ tục gì|thủ tục gì
ở đâu|ở chỗ nào|làm ở đâu|nộp ở đâu|nộp hồ sơ ở đâu|đến đâu|đi đâu|tại đâu|chỗ nào|cơ quan nào|do cơ quan nào
bao lâu|mất bao lâu|trong bao lâu|bao nhiêu ngày|mấy ngày|khi nào
bao nhiêu|bao nhiêu tiền|hết bao nhiêu tiền|mất bao nhiêu tiền|tốn bao nhiêu tiền|mất nhiêu tiền|tốn tiền không
có tốn tiền không|phí bao nhiêu|lệ phí bao nhiêu|có mất phí không|có mất tiền không|phí bn|bn tiền
như thế nào|thế nào|như nào|làm thế nào|làm như thế nào|ra sao|làm sao|phải làm sao|thì sao
được không|có được không|có phải|phải không|có cần không|đúng không
"""
# Typed without accents only the first are surely fillers: "muon" may be "muộn", "toi" may be "tội".
_WORDS_IN_ANY_SPELLING = "xin|ntn|bn|ko|ad"
_WORDS_WITH_ACCENTS = "ạ|nhé|vậy|nhỉ|ơi|tôi|mình|muốn|cần|làm|thì|để|gì|bị|của|cho|em|e"
# Names that hold such a word and keep it.
_NAMES = """
việc làm|làm việc|làm thêm|làm con nuôi|trẻ em|chứng minh|cho thuê|cho phép|cho vay|tặng cho|nhu cầu|cần thơ
bị hại|bị can|thiết bị|chuẩn bị|bị thương|bị bệnh|bị động vật
"""


def _phrases(lines: str) -> list[str]:
    return lines.strip().replace("\n", "|").split("|")


def _table(fillers: Iterable[str], spelling: Callable[[str], str]) -> dict[tuple[str, ...], bool]:
    """Return syllables -> whether they are a filler (or, of a name, to be kept)."""
    table = {tuple(syllables(spelling(phrase))): True for phrase in fillers}
    return table | {tuple(syllables(spelling(name))): False for name in _phrases(_NAMES)}


_IN_ANY_SPELLING = [*_phrases(_PHRASES), *_phrases(_WORDS_IN_ANY_SPELLING)]
_ACCENTED = _table([*_IN_ANY_SPELLING, *_phrases(_WORDS_WITH_ACCENTS)], str)
_PLAIN = _table(_IN_ANY_SPELLING, fold)
_LONGEST = max(map(len, _ACCENTED))


def split_at_fillers(words: Sequence[str], with_accents: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the runs of words between the fillers, and the fillers, each in order.

    Args:
        words: accented syllables, lower case.
        with_accents: whether the query was typed with accents; if not, its words are compared without.
    """
    table = _ACCENTED if with_accents else _PLAIN
    runs: list[tuple[str, ...]] = []
    fillers: list[str] = []
    run: list[str] = []
    at = 0
    while at < len(words):
        size, is_filler = _longest_at(words, at, table)
        if is_filler:
            fillers.append(" ".join(words[at : at + size]))
            runs.append(tuple(run))
            run = []
        else:
            run += words[at : at + size]
        at += size
    runs.append(tuple(run))
    return [run for run in runs if run], fillers


def _longest_at(words: Sequence[str], at: int, table: dict[tuple[str, ...], bool]) -> tuple[int, bool]:
    """Return the length of the longest entry that begins at `at`, and whether it is a filler; (1, False) if none is."""
    for size in range(min(_LONGEST, len(words) - at), 0, -1):
        is_filler = table.get(tuple(words[at : at + size]))
        if is_filler is not None:
            return size, is_filler
    return 1, False
