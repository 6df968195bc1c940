"""The scenario format as JSON Schema, for editors that complete and check as one types."""

from vlmock.protocol.wire import JsonObject
from vlmock.scenario.keys import SCENARIO

__all__ = ["scenario_schema"]


def scenario_schema() -> JsonObject:
    """JSON Schema (2020-12) of a scenario file, made from the tables that the loader reads by."""
    definitions: JsonObject = {}
    SCENARIO.schema(definitions)
    root = definitions.pop(SCENARIO.name)
    parts = [{"required": [key]} for key in ("turns", "rules", "otherwise")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vlmock scenario",
        **root,
        "anyOf": parts,
        "$defs": definitions,
    }
