"""Every error that Hoso raises on purpose: one base class, a stable code, a text for operators and one for citizens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class HosoError(Exception):
    """Base of all errors of Hoso.

    The message is English, for operators and integrators, says what to do, and holds no value of a record.
    Status and code are class attributes, so that a handler matches on the class and never on text.
    """

    status: int = 500
    code: str = "internal"
    text_vi: str = "Hệ thống gặp lỗi. Vui lòng thử lại sau."

    def __init__(self, message: str = "", *, pointer: str | None = None, text_vi: str | None = None) -> None:
        """Keep `message`; `pointer` (RFC 6901) names the offending value, `text_vi` says it better in Vietnamese."""
        super().__init__(message or self.code)
        self.pointer = pointer
        if text_vi is not None:
            self.text_vi = text_vi

    def __reduce__(self) -> tuple[Callable[..., HosoError], tuple[Any, ...]]:
        # To the parent of a worker process: subclasses have constructors that their message alone does not satisfy.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[HosoError], args: tuple[Any, ...], state: dict[str, Any]) -> HosoError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


# ---------------------------------------------------------------- what a client sent


class ValidationFailedError(HosoError):
    """The input is not what the contract says."""

    status = 422
    code = "validation_failed"
    text_vi = "Dữ liệu gửi lên chưa đúng. Vui lòng kiểm tra lại."


class CanonicalFormError(ValidationFailedError, ValueError):
    """A value has no canonical form. `reason` is a short stable code such as `date_impossible`."""

    def __init__(self, reason: str, message: str, *, pointer: str | None = None) -> None:
        """`message` says what is expected; it never repeats the value."""
        super().__init__(message, pointer=pointer)
        self.reason = reason


class UnknownParameterError(HosoError):
    """A query parameter or key that the route does not know."""

    status = 422
    code = "unknown_parameter"
    text_vi = "Yêu cầu có tham số không hợp lệ."


class TooLargeError(HosoError):
    """A body, a line or a record is over its limit."""

    status = 413
    code = "too_large"
    text_vi = "Dữ liệu gửi lên quá lớn."


class ConflictError(HosoError):
    """The same version of a record came with other content."""

    status = 409
    code = "conflict"
    text_vi = "Hồ sơ cùng phiên bản nhưng khác nội dung. Hãy tăng số phiên bản ở hệ thống nguồn."


class ProofRejectedError(ValidationFailedError):
    """A proof, a checkpoint or a signature of the audit log does not verify, or cannot exist."""

    text_vi = "Bằng chứng không khớp với nhật ký truy cập."


class IdempotencyInProgressError(ConflictError):
    """An equal request with the same `Idempotency-Key` is being worked on."""

    code = "idempotency_in_progress"
    text_vi = "Yêu cầu này đang được xử lý. Vui lòng đợi kết quả."


class IdempotencyConflictError(ConflictError):
    """The `Idempotency-Key` came before, with another body."""

    status = 422
    code = "idempotency_conflict"
    text_vi = "Mã chống gửi trùng (Idempotency-Key) đã dùng cho một yêu cầu khác."


# ---------------------------------------------------------------- who asks


class UnauthenticatedError(HosoError):
    """No token, or one that does not verify."""

    status = 401
    code = "unauthenticated"
    text_vi = "Bạn cần đăng nhập."


class NotPermittedError(HosoError):
    """The actor's grants do not cover what was asked."""

    status = 403
    code = "not_permitted"
    text_vi = "Bạn không có quyền thực hiện việc này."


class CaseNotValidError(HosoError):
    """The case number does not resolve to a dossier that this officer may read and that concerns the same person."""

    status = 403
    code = "case_not_valid"
    text_vi = "Mã hồ sơ nêu làm căn cứ không hợp lệ cho việc tra cứu này."


class PurposeNotRegisteredError(HosoError):
    """The client is not registered for this purpose, procedure or legal basis."""

    status = 403
    code = "purpose_not_registered"
    text_vi = "Ứng dụng chưa được đăng ký cho mục đích hoặc thủ tục này."


class ConsentRequiredError(HosoError):
    """The legal basis is consent and there is none that is valid."""

    status = 403
    code = "consent_required"
    text_vi = "Cần có sự đồng ý còn hiệu lực của công dân."


class FieldNotAllowedError(HosoError):
    """A field was asked for by name that the purpose does not cover."""

    status = 403
    code = "field_not_allowed"
    text_vi = "Có trường thông tin nằm ngoài mục đích đã đăng ký."


# ---------------------------------------------------------------- what is not there


class ProcedureNotFoundError(HosoError):
    """No such procedure, or not for this reader."""

    status = 404
    code = "procedure_not_found"
    text_vi = "Không tìm thấy thủ tục."


class RecordNotFoundError(HosoError):
    """No such record, or one out of the actor's reach: the answer does not tell the two apart."""

    status = 404
    code = "record_not_found"
    text_vi = "Không tìm thấy hồ sơ."


class IndexNotReadyError(HosoError):
    """No version of the index can be read now."""

    status = 503
    code = "index_not_ready"
    text_vi = "Hệ thống đang chuẩn bị dữ liệu. Vui lòng thử lại sau ít phút."


class SourceUnavailableError(HosoError):
    """The vault or the engine does not answer."""

    status = 503
    code = "source_unavailable"
    text_vi = "Nguồn dữ liệu tạm thời không truy cập được. Vui lòng thử lại sau."


# ---------------------------------------------------------------- keys, storage, set-up


class KeysError(HosoError):
    """Keys are missing, sealed by another passphrase, readable by others, or of another installation."""

    status = 503
    code = "source_unavailable"


class EnvelopeError(HosoError):
    """An envelope does not open: damaged, moved, of another key, or not an envelope."""

    status = 503
    code = "source_unavailable"


class StorageError(HosoError):
    """A disk, a database file or a folder refuses: full, locked, of another installation, of another version."""

    status = 503
    code = "source_unavailable"


class SettingsError(HosoError):
    """A setting is wrong or misses."""
