"""Which tools may be offered. Source: schema D10, D11."""

from collections.abc import Iterator
from typing import Any

from vlmock.protocol.tools import MCP_APPROVAL_TYPES, TOOL_TYPES, FoundryAgentTool, FunctionTool, McpTool, Tool
from vlmock.protocol.wire import JsonObject
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.rules.values import check_choice, check_choices, check_not_empty

__all__ = ["check_tools"]


def check_tools(tools: list[Tool], path: str, brain: Brain) -> None:
    """Documented: schema D10. Assumed: two functions of one name are refused, for a call could not tell them apart."""
    names: set[str] = set()
    for index, tool in enumerate(tools):
        at = f"{path}[{index}]"
        match tool:
            case FunctionTool():
                check_not_empty(tool.name, f"{at}.name")
                if tool.name in names:
                    raise refusals.malformed(f"{at}.name", f"there are two tools with the name '{tool.name}'")
                names.add(tool.name)
                if isinstance(tool.parameters, dict):
                    _check_schema(tool.parameters, f"{at}.parameters")
            case McpTool() if not brain.reached(brain.mcp_since):
                raise refusals.wrong_enum(f"{at}.type", TOOL_TYPES[:1], "mcp")
            case McpTool():
                _check_mcp_tool(tool, at)
            case FoundryAgentTool():
                pass


def _check_mcp_tool(tool: McpTool, path: str) -> None:
    check_not_empty(tool.server_label, f"{path}.server_label")
    check_not_empty(tool.server_url, f"{path}.server_url")
    if isinstance(tool.require_approval, dict):
        check_choices(tool.require_approval, MCP_APPROVAL_TYPES, f"{path}.require_approval")
    elif isinstance(tool.require_approval, str):
        check_choice(tool.require_approval, MCP_APPROVAL_TYPES, f"{path}.require_approval")


def _check_schema(schema: JsonObject, path: str) -> None:
    """Observed {ILA}: a branch of ``anyOf`` or ``oneOf`` that does not say its type is rejected.

    Assumed: a reference, a constant and a list of values say it.
    """
    for at, branch in _branches(schema, path):
        if isinstance(branch, dict) and not branch.keys() & {"type", "$ref", "const", "enum", "anyOf", "oneOf"}:
            raise refusals.malformed(at, "every branch of anyOf and oneOf must have a type")


def _branches(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every alternative anywhere in a schema, with its path. Flat, because a client may nest as deep as it likes."""
    todo: list[tuple[str, Any]] = [(path, schema)]
    while todo:
        at, node = todo.pop()
        inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in inner:
            here = f"{at}[{key}]" if isinstance(key, int) else f"{at}.{key}"
            todo.append((here, value))
            if key in ("anyOf", "oneOf") and isinstance(value, list):
                yield from ((f"{here}[{index}]", branch) for index, branch in enumerate(value))
