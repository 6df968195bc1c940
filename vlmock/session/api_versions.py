"""Which api-version comes before which. All of them: ``vlmock.protocol.session.API_VERSIONS``."""

__all__ = ["reached"]

_DATE_LENGTH = len("2026-07-15")


def reached(api_version: str, since: str) -> bool:
    """Whether a version has what came with another one. Versions are dates, so they sort; ``v1`` sorts behind them."""
    return api_version[:_DATE_LENGTH] >= since[:_DATE_LENGTH]
