"""Pytest's last line: how many tests were skipped for want of packages of the system, and how to get these."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

_MISSING = re.compile(r"(\S+) is missing: apt-get install (.+)")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown() -> Iterator[Any]:
    """What C++ printed goes with the test that printed it; C would keep it until after the last line."""
    result = yield
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[Any]:
    """Speak after pytest's own summary."""
    result = yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # one of several processes; the one that started them reports
        return result
    reasons = [report.longrepr[-1] for report in reporter.stats.get("skipped", ())]
    found = [match.groups() for match in map(_MISSING.search, reasons) if match]
    if found:
        things, packages = (sorted(set(words)) for words in zip(*found, strict=True))
        count = "1 test" if len(found) == 1 else f"{len(found)} tests"
        reporter.write_line(
            f"{count} skipped for want of {', '.join(things)}: apt-get install {' '.join(packages)}", yellow=True
        )
    return result
