"""An offline emulator of Azure's Voice Live API.

Nothing is imported until it is asked for: pytest loads the plugin in every run, also in runs that never use it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlmock.recorder.recorder import Recorder, record
    from vlmock.scenario.model import Scenario
    from vlmock.server.mock_server import MockServer, serve
    from vlmock.session.script import (
        Call,
        Close,
        Emit,
        Error,
        Fail,
        FileSearch,
        FoundryAgentCall,
        Incomplete,
        Invocation,
        McpCall,
        Reply,
        Say,
        Turn,
        Wait,
        Warn,
        WebSearch,
    )

__all__ = [
    "Call",
    "Close",
    "Emit",
    "Error",
    "Fail",
    "FileSearch",
    "FoundryAgentCall",
    "Incomplete",
    "Invocation",
    "McpCall",
    "MockServer",
    "Recorder",
    "Reply",
    "Say",
    "Scenario",
    "Turn",
    "Wait",
    "Warn",
    "WebSearch",
    "record",
    "serve",
]
__version__ = "0.1.0"

_HOMES = {
    "Scenario": "vlmock.scenario.model",
    **dict.fromkeys(("Recorder", "record"), "vlmock.recorder.recorder"),
    **dict.fromkeys(("MockServer", "serve"), "vlmock.server.mock_server"),
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(_HOMES.get(name, "vlmock.session.script")), name)
    raise AttributeError(f"module 'vlmock' has no attribute {name!r}")
