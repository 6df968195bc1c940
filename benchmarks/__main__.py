"""``python -m benchmarks [NAME…] [--quick] [--json FILE]``"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks import appends, conversation, idle, recorder, recordings, replies, starting
from benchmarks.results import Row, as_json, machine, table

Benchmark: TypeAlias = Callable[..., Iterator[Row]]

BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "append": appends.measure,
    "reply": replies.measure,
    "idle": idle.measure,
    "start": starting.measure_process,
    "fixture": starting.measure_fixture,
    "plugin": starting.measure_plugin,
    "client": conversation.measure,
    "recorder": recorder.measure,
    "recordings": recordings.measure,
}

NEED_LINUX: Final = frozenset({"append", "reply", "idle", "recordings"})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="How fast emulator and client are, next to a floor measured in the same run.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="few samples: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; known: {', '.join(BENCHMARKS)}")
    names = arguments.names or list(BENCHMARKS)
    if sys.platform != "linux" and not NEED_LINUX.isdisjoint(names):
        parser.error(f"{', '.join(NEED_LINUX)} read the accounting of other processes as Linux has it")
    rows: list[Row] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += BENCHMARKS[name](quick=arguments.quick)
    print(f"{machine()}\n\n{table(rows)}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "rows": as_json(rows)}, indent=2) + "\n")


if __name__ == "__main__":
    main()
