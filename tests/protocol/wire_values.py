"""Strategies for any value that a wire type may have, made from the type itself."""

import json
import string
from collections.abc import Mapping
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


class WireValues:
    """Makes strategies; ``narrower`` ones may stand in for single members, by class and name."""

    def __init__(self, narrower: Mapping[tuple[type, str], st.SearchStrategy[Any]] | None = None) -> None:
        self._narrower = narrower or {}
        self._made: dict[type, st.SearchStrategy[Any]] = {}

    def of(self, annotation: Any) -> st.SearchStrategy[Any]:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if annotation in SIMPLE:
            return SIMPLE[annotation]
        if origin in (Union, UnionType):
            return st.one_of([self.of(each) for each in arguments])
        if origin is Annotated:
            return self.of(arguments[0])
        if origin is list:
            return st.lists(self.of(arguments[0]), max_size=3)
        if origin is dict:
            return st.dictionaries(self.of(arguments[0]), self.of(arguments[1]), max_size=3)
        if annotation not in self._made:
            self._made[annotation] = self._struct(annotation)
        return self._made[annotation]

    def _struct(self, cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
        return st.builds(cls, **{field.name: self._member(cls, field) for field in msgspec.structs.fields(cls)})

    def _member(self, cls: type, field: msgspec.structs.FieldInfo) -> st.SearchStrategy[Any]:
        value = self._narrower.get((cls, field.name), self.of(field.type))
        return value if field.default is msgspec.NODEFAULT else value | st.just(field.default)


structs_of = WireValues().of
