"""A small trained run for the commands that need one."""

import pytest

from minis2s.cli import main

from .runs import LETTERS, tiny_arguments, write_pairs


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The directory of a run that has learned to spell letters in Chinese, quite well."""
    folder = tmp_path_factory.mktemp("trained")
    write_pairs(folder / "train.tsv", 400, 0)
    write_pairs(folder / "dev.tsv", 20, 1)
    assert main([*tiny_arguments(folder), "--epochs", "7"]) == 0
    assert set(LETTERS) == set("abcde")
    return folder / "run"
