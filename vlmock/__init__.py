"""An offline emulator of Azure's Voice Live API.

Nothing is imported until it is asked for: pytest loads the plugin in every run, also in runs that never use it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlmock.scenario.model import Scenario
    from vlmock.server.mock_server import MockServer, serve
    from vlmock.session.script import Call, Close, Emit, Error, Fail, Incomplete, Reply, Say, Turn, Wait, Warn

__all__ = [
    "Call",
    "Close",
    "Emit",
    "Error",
    "Fail",
    "Incomplete",
    "MockServer",
    "Reply",
    "Say",
    "Scenario",
    "Turn",
    "Wait",
    "Warn",
    "serve",
]
__version__ = "0.1.0"

_HOMES = {
    "Scenario": "vlmock.scenario.model",
    **dict.fromkeys(("MockServer", "serve"), "vlmock.server.mock_server"),
    **dict.fromkeys(
        ("Call", "Close", "Emit", "Error", "Fail", "Incomplete", "Reply", "Say", "Turn", "Wait", "Warn"),
        "vlmock.session.script",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'vlmock' has no attribute {name!r}")
