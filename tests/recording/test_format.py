"""The page about the format is true: its example is read, its tables are complete, its schema fits what is written."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

import vlmock.recording
from tests.recording.taking import append, delta, session, take
from vlmock.protocol.recording.lines import Clip, Close, Frame, Head, lines_schema
from vlmock.recording.reading import read

PAGE = (Path(vlmock.recording.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```json\n(.*?)```", PAGE, re.S)


def test_the_example_is_a_recording(tmp_path: Path):
    """It only lacks its sound."""
    assert EXAMPLE is not None
    take(tmp_path / "rec", [("client", append(bytes(960)))])
    (tmp_path / "rec" / "events.jsonl").write_text(EXAMPLE[1], encoding="utf-8")
    (recording,) = read(tmp_path / "rec")
    assert [frame.source for frame in recording.frames] == ["server", "client", "vlmock"]
    assert recording.end is not None
    assert recording.whole(recording.frames[1]) == append(bytes(960))
    for line in EXAMPLE[1].splitlines():
        jsonschema.validate(json.loads(line), lines_schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("struct", [Head, Frame, Close, Clip])
def test_every_member_is_on_the_page(struct: type):
    """A new one is not forgotten there."""
    for name in struct.__struct_encode_fields__:
        assert re.search(rf"[`\"]{re.escape(name)}[`\"]", PAGE), name


def test_what_is_written_fits_the_schema(tmp_path: Path):
    """Every kind of line."""
    said = [
        ("server", session()),
        ("client", append(b"12")),
        ("server", delta(b"12")),
        ("client", "?"),
        ("client", b"\xff"),
    ]
    take(tmp_path / "rec", said)
    schema = lines_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for line in (tmp_path / "rec" / "events.jsonl").read_text(encoding="utf-8").splitlines():
        jsonschema.validate(json.loads(line), schema, jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"at": 1, "from": "nobody"}, schema, jsonschema.Draft202012Validator)
