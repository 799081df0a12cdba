"""Prints the mutation score at the end of a run."""

from .score import ROWS, summary


def pytest_terminal_summary(terminalreporter):
    if ROWS:
        terminalreporter.write_line(f"mutation score: {summary(ROWS.values())}   (all rows: python -m tests.mutants)")
