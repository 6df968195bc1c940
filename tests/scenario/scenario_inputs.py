"""What a client would send to have a scenario played: made from the scenario itself, plus what its tools return."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import FunctionTool, McpTool, Tool, ToolChoice
from vlmock.scenario.model import Entry, Scenario
from vlmock.session.script import ToolOutput, Turn, UserInput

TOOL_OUTPUTS: dict[tuple[str, str], dict[str, Any]] = {
    ("weather", "turns[1]"): {"get_weather": {"weather": "sunny", "temp_c": 21}},
    ("parallel_tools", "turns[1]"): {"get_weather": {"weather": "dry"}, "get_traffic": {"status": "free"}},
    ("tool_error", "turns[1]"): {"find_order": {"error": "no such order"}},
    ("tool_error", "turns[3]"): {"find_order": {"status": "on its way"}},
    ("support_call", "turns[3]"): {"test_line": {"ok": False}},
    ("interim", "turns[2]"): {"find_tour": {"time": "ten"}},
    ("mcp", "turns[1]"): {"docs/search": {"years": 3}},
    ("mcp", "turns[3]"): {"shop/cancel_order": {"error": "The call was not approved."}},
    ("mcp", "turns[5]"): {"shop/cancel_order": {"cancelled": True}},
}
"""Scenario and turn to what each tool of it returns; ``{"ok": true}`` where nothing stands here."""


@dataclass(frozen=True)
class ClientInput:
    """What a client sends for one turn, before it asks for a response (or, speaking, has one made)."""

    entry: Entry
    user: str | None
    """To be typed, or spoken."""
    tool_outputs: dict[str, str] = field(default_factory=dict)
    """By the name of the tool, as JSON text."""
    filler: bool = False
    """Spoken with ``remove_filler_words`` this makes no turn; there is nothing to type."""
    idle: bool = False
    """There is nothing to do but to wait for ``idle_timeout_ms``."""


def client_inputs(scenario: Scenario) -> Iterator[ClientInput]:
    """What the client does, turn by turn: the ordered turns, then each rule once."""
    for entry in (*scenario.turns, *scenario.rules):
        returned = TOOL_OUTPUTS.get((scenario.name, entry.label), {})
        outputs = {name: json.dumps(returned.get(name, {"ok": True})) for name in entry.when.tools}
        yield ClientInput(entry, entry.heard_as, outputs, bool(entry.filler), bool(entry.when.idle))


def offered_tools(scenario: Scenario) -> list[FunctionTool | McpTool]:
    """Every function and every MCP server that the scenario calls, or wants offered."""
    servers = [McpTool(server_label=label, server_url=f"https://{label}.example") for label in scenario.mcp_servers]
    entries = (*scenario.turns, *scenario.rules)
    called = [step.values.get("name") for entry in entries for step in entry.reply or ()]
    names = [*called, *(name for entry in entries for name in entry.when.tools_offered)]
    return [*(FunctionTool(name=name) for name in dict.fromkeys(names) if isinstance(name, str)), *servers]


def a_turn(
    *said: str,
    number: int = 1,
    typed: bool = False,
    audio_ms: float = 0.0,
    outputs: Mapping[str, object] | None = None,
    arguments: str = "{}",
    tools: Sequence[Tool] = (),
    tool_choice: ToolChoice = "auto",
    session: ResponseSession | None = None,
    **others: Any,
) -> Turn:
    """What came since the last response: words, tool outputs (as JSON, or text as it stands), or nothing."""
    texts = {name: out if isinstance(out, str) else json.dumps(out) for name, out in (outputs or {}).items()}
    return Turn(
        number=number,
        user=tuple(UserInput(f"item_{n}", text, not typed, audio_ms) for n, text in enumerate(said)),
        tool_outputs=tuple(ToolOutput(f"out_{n}", f"call_{n}", n, arguments, text) for n, text in texts.items()),
        session=session or ResponseSession(model="gpt-4.1", modalities=["text", "audio"]),
        instructions="",
        tools=tuple(tools),
        tool_choice=tool_choice,
        history=(),
        **others,
    )
