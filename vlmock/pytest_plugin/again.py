"""``--voicelive-record=new``: a test that does otherwise than recorded runs again, live, and is recorded anew.

Of its two runs only the second is reported.
"""

from collections.abc import Sequence

import pytest
from _pytest.runner import runtestprotocol

from vlmock.pytest_plugin import ANEW, ENDPOINT, MARKER
from vlmock.pytest_plugin.endpoint import RecordedEndpoint

__all__ = ["Again"]


class Again:
    """A plugin of its own: other runs need none of this."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        if item.get_closest_marker(MARKER) is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if differences := _differences(item, reports):
            item.stash[ANEW] = "\n".join(differences)
            item._report_sections.clear()
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True


def _differences(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> list[str]:
    """What a test did otherwise than the recording that it was played."""
    endpoint = item.stash.get(ENDPOINT, None)
    gave_up = any(report.skipped and not hasattr(report, "wasxfail") for report in reports)
    if gave_up or not isinstance(endpoint, RecordedEndpoint) or endpoint.live:
        return []
    return endpoint.problems()
