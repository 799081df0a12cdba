"""Tests of whole tasks are slow: each makes tens of thousands of pairs. What needs no data runs always."""

from pathlib import Path

import pytest

HERE, QUICK = Path(__file__).parent, ("test_evaluator.py", "test_reverse.py", "test_every_task.py")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == HERE and item.path.name not in QUICK:
            item.add_marker(pytest.mark.slow)
