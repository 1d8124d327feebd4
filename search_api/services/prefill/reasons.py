"""Why a field or a paper stands as it does, in plain words."""

from __future__ import annotations

from schemas.prefill import Reason

_TEXTS = {
    # Fields with a value.
    "issued": "Theo giấy tờ do cơ quan nhà nước cấp, còn hiệu lực vào ngày nộp.",
    "verified": "Theo bản sao đã được cơ quan có thẩm quyền xác nhận, còn hiệu lực vào ngày nộp.",
    "read_by_machine": "Do máy đọc từ bản chụp; hãy kiểm tra lại.",
    "self_declared": "Theo lời khai trong hồ sơ trước; hãy kiểm tra lại.",
    "expired": "Giấy tờ nguồn đã hết hạn; hãy kiểm tra lại.",
    "replaced": "Giấy tờ nguồn đã được thay bằng giấy khác; hãy kiểm tra lại.",
    "not_yet": "Giấy tờ nguồn được cấp sau ngày nộp; hãy kiểm tra lại.",
    "other_reading": "Có nguồn khác ghi khác; hãy chọn giá trị đúng hiện nay.",
    "spelling_differs": "Các giấy tờ ghi dấu khác nhau; hãy chọn cách viết đúng.",
    "relation_may_have_changed": "Giấy tờ ghi quan hệ vào ngày cấp; hãy kiểm tra có còn đúng.",
    "birth_year_only": "Giấy tờ của người nộp chỉ dùng để điền năm sinh; hãy ghi thêm ngày, tháng.",
    "unit_split": "Xã, phường cũ đã chia về nhiều đơn vị mới; hãy chọn đơn vị hiện nay.",
    "unit_unknown": "Chưa xác định được xã, phường theo địa giới từ ngày 01/7/2025; hãy kiểm tra lại.",
    # Fields without one.
    "papers_disagree": "Các giấy tờ cùng độ tin cậy ghi khác nhau; hãy chọn giá trị đúng.",
    "day_and_month_swapped": "Các nguồn ghi ngày và tháng đảo chỗ nhau; hãy chọn giá trị đúng.",
    "must_be_typed": "Thông tin riêng của lần nộp này; cần nhập.",
    "person_not_named": "Chưa nêu số định danh của người này nên chưa tra cứu.",
    "no_record": "Chưa có hồ sơ, giấy tờ nào của người này.",
    "not_in_records": "Các hồ sơ, giấy tờ hiện có không ghi thông tin này.",
    "identity_unclear": "Các hồ sơ mang số này ghi khác nhau về người; cần cán bộ xác minh.",
    "sensitive_not_named": "Thông tin nhạy cảm: chỉ cung cấp khi được yêu cầu đích danh.",
    "outside_purpose": "Nằm ngoài phạm vi thông tin được cung cấp cho mục đích này.",
    # Papers.
    "held": "Đã có giấy này còn hiệu lực; không phải nộp lại.",
    "needs_check": "Đã có giấy này nhưng cần cán bộ đối chiếu.",
    "copy_not_verified": "Bản lưu chưa được cơ quan có thẩm quyền xác nhận; cần cán bộ đối chiếu với bản chính.",
    "identity_differs": "Họ tên hoặc ngày sinh trên giấy khác với giấy tờ khác đã cấp; cần cán bộ đối chiếu.",
    "paper_expired": "Giấy đang lưu đã hết hạn hoặc đã được thay thế; cần giấy còn hiệu lực.",
    "paper_too_old": "Giấy đang lưu được cấp đã quá thời hạn chấp nhận; cần giấy mới.",
    "not_held": "Chưa có giấy này trong kho dữ liệu; cần nộp.",
    "holder_not_named": "Chưa nêu đủ số định danh của những người có giấy này; cần nộp hoặc bổ sung số.",
    "this_form": "Chính là tờ khai đang điền; kiểm tra, ký rồi nộp.",
    "other_case": "Không cần trong trường hợp đã chọn.",
    "only_in_case": "Chỉ phải nộp trong trường hợp:",
    "if_applicable": "Không bắt buộc; chỉ nộp nếu có.",
    "register": "Cán bộ tra cứu trong cơ sở dữ liệu.",
}


def reason(code: str, text_vi: str | None = None) -> Reason:
    """Return the reason of a code; `text_vi` says it for the case at hand."""
    return Reason(code, text_vi or _TEXTS[code])
