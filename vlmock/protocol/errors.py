"""Trouble, as the service reports it. Source: schema C 1, 2; E6."""

from vlmock.protocol.wire import UNSET, ServerEvent, UnsetType, WireObject

__all__ = ["ErrorDetails", "ErrorEvent", "VoiceLiveErrorDetails", "WarningDetails", "WarningEvent"]


class ErrorDetails(WireObject, kw_only=True):
    """What went wrong. Observed {FON}: ``code``, ``param`` and ``event_id`` are always sent, null where unknown."""

    message: str
    type: str
    """``invalid_request_error``, ``server_error``, …"""
    code: str | UnsetType | None = UNSET
    param: str | UnsetType | None = UNSET
    """The member at fault, as a dotted path."""
    event_id: str | UnsetType | None = UNSET
    """Of the client event at fault."""


class ErrorEvent(ServerEvent, tag="error", kw_only=True):
    """A client event was refused, or the service has trouble. Mostly the conversation goes on."""

    error: ErrorDetails


class WarningDetails(WireObject, kw_only=True):
    """What is odd."""

    message: str
    code: str | UnsetType | None = UNSET
    param: str | UnsetType | None = UNSET


class WarningEvent(ServerEvent, tag="warning", kw_only=True):
    """Something is odd, and went through all the same. Since 2026-01-01-preview."""

    warning: WarningDetails


class VoiceLiveErrorDetails(WireObject, kw_only=True):
    """What went wrong with a transcription, or with a request over plain HTTP (there inside ``{"error": …}``)."""

    message: str
    code: str | UnsetType | None = UNSET
    param: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    event_id: str | UnsetType | None = UNSET
