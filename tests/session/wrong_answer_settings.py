"""Settings of who answers, with what and how long, that the service refuses. Source: behaviour 2.3, schema D.

A row: who answers, the members of the update, and the error's message, code and param.
"""

from tests.session.updates import AGENT, CASCADE, MCP, NATIVE, NEWEST, TOOL

ANY = "invalid_session_update_message"
GENERAL = "invalid_request_error"
ONE_BRANCH_UNTYPED = {"properties": {"when": {"anyOf": [{"type": "string"}, {"description": "any"}]}}}

WRONG_ANSWER_SETTINGS = [
    (
        NEWEST,
        {"model": "gpt-4o"},
        "Cannot update the model of a session: it is fixed by the connection.",
        ANY,
        "session.model",
    ),
    (
        AGENT,
        {"instructions": "Be brief."},
        "Instructions cannot be configured when using an agent.",
        "instructions_configuration_not_supported",
        "session.instructions",
    ),
    (AGENT, {"tools": []}, "tools cannot be configured when using an agent.", ANY, "session.tools"),
    (AGENT, {"model": "gpt-4o"}, "model cannot be configured when using an agent.", ANY, "session.model"),
    (
        NEWEST,
        {"tools": [TOOL | {"parameters": ONE_BRANCH_UNTYPED}]},
        "Value error, every branch of anyOf and oneOf must have a type",
        ANY,
        "session.tools[0].parameters.properties.when.anyOf[1]",
    ),
    (
        NEWEST,
        {"modalities": ["audio"]},
        "modalities ['audio'] is not supported in cascaded pipeline",
        GENERAL,
        "session.modalities",
    ),
    (
        NEWEST,
        {"temperature": 1.3},
        "'session.temperature' should be between 0 and 1.2, got 1.3",
        ANY,
        "session.temperature",
    ),
    (
        NEWEST,
        {"max_response_output_tokens": 5000},
        "'session.max_response_output_tokens' should be between 1 and 4096, got 5000",
        ANY,
        "session.max_response_output_tokens",
    ),
    (
        NEWEST,
        {"max_response_output_tokens": "all"},
        "'session.max_response_output_tokens' should be 'inf', got 'all'",
        ANY,
        "session.max_response_output_tokens",
    ),
    (NEWEST, {"modalities": []}, "Value error, modalities must not be empty", ANY, "session.modalities"),
    (
        NEWEST,
        {"modalities": ["text", "video"]},
        "'session.modalities' should be 'text', 'audio', 'animation' or 'avatar', got 'video'",
        ANY,
        "session.modalities",
    ),
    (
        NEWEST,
        {"metadata": {f"k{n}": "" for n in range(17)}},
        "Value error, metadata may have at most 16 pairs",
        ANY,
        "session.metadata",
    ),
    (
        NEWEST,
        {"metadata": {"k": "v" * 513}},
        "Value error, a metadata value may have at most 512 characters",
        ANY,
        "session.metadata",
    ),
    (
        NEWEST,
        {"tools": [TOOL | {"name": ""}]},
        "Value error, name must not be empty",
        ANY,
        "session.tools[0].name",
    ),
    (
        NEWEST,
        {"tools": [TOOL, TOOL]},
        "Value error, there are two tools with the name 'get_weather'",
        ANY,
        "session.tools[1].name",
    ),
    (
        NEWEST,
        {"tools": [TOOL], "tool_choice": "get_wether"},
        "'session.tool_choice' should be 'auto', 'none', 'required' or 'get_weather', got 'get_wether'",
        ANY,
        "session.tool_choice",
    ),
    (
        NEWEST,
        {"tool_choice": {"type": "function", "name": "get_weather"}},
        "Value error, there is no tool with the name 'get_weather'",
        ANY,
        "session.tool_choice",
    ),
    (
        NATIVE,
        {"interim_response": {"type": "static_interim_response", "texts": ["One moment."]}},
        "interim_response is only supported in cascaded pipeline",
        GENERAL,
        "session.interim_response",
    ),
    (
        NEWEST,
        {"interim_response": {"type": "llm_interim_response", "max_completion_tokens": 0}},
        "'session.interim_response.max_completion_tokens' should be at least 1, got 0",
        ANY,
        "session.interim_response.max_completion_tokens",
    ),
    (
        NEWEST,
        {"metadata": {"k" * 65: "v"}},
        "Value error, a metadata key may have at most 64 characters",
        ANY,
        "session.metadata",
    ),
    (
        CASCADE,
        {"tools": [MCP]},
        "'session.tools[0].type' should be 'function', got 'mcp'",
        ANY,
        "session.tools[0].type",
    ),
    (
        NEWEST,
        {"tools": [MCP | {"require_approval": "sometimes"}]},
        "'session.tools[0].require_approval' should be 'never' or 'always', got 'sometimes'",
        ANY,
        "session.tools[0].require_approval",
    ),
    (
        NEWEST,
        {"tools": [MCP | {"require_approval": {"ever": ["search"]}}]},
        "'session.tools[0].require_approval' should be 'never' or 'always', got 'ever'",
        ANY,
        "session.tools[0].require_approval",
    ),
]
