"""Strategies for any value that a wire type may have, made from the type itself."""

import json
import string
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

INT32 = st.integers(-(2**31), 2**31 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | INT32 | FLOATS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FRAMES = st.binary(max_size=200) | st.text(string.printable, max_size=200) | JSON.map(json.dumps)
SIMPLE = {
    str: st.text(max_size=12),
    int: INT32,
    float: FLOATS,
    bool: st.booleans(),
    bytes: st.binary(max_size=24),
    NoneType: st.none(),
    UnsetType: st.just(UNSET),
    Any: JSON,
}


@cache
def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SIMPLE:
        return SIMPLE[annotation]
    if origin in (Union, UnionType):
        return st.one_of([values_of(each) for each in arguments])
    if origin is Annotated:
        return values_of(arguments[0])
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    return structs_of(annotation)


@cache
def structs_of(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    members = {}
    for field in msgspec.structs.fields(cls):
        value = values_of(field.type)
        members[field.name] = value if field.required else value | st.just(field.default)
        if field.default_factory is not msgspec.NODEFAULT:
            members[field.name] = value
    return st.builds(cls, **members)
