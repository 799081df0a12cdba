"""Masters' texts: what is released, what patches do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.labs import source
from minis2s.labs.source import Patch

from .sample import TEXT

STATEMENTS = ["x = 1", "if x:\n    x = 2", "for k in range(3):\n    x += k", "# a comment", "y = 'σ 正确'"]
LINES = st.lists(st.sampled_from(STATEMENTS), min_size=1)


def test_solutions_are_found_between_their_markers():
    found = source.solutions(TEXT)
    assert list(found) == ["gates", "gates_backward"]
    assert source.body(TEXT, "gates") == "half = 0.5 * a\ny = 0.5 * (1 + np.tanh(half))\nreturn y"


@given(bodies=st.lists(LINES, min_size=1, max_size=4))
def test_a_release_holds_no_line_of_a_solution_and_all_else(bodies):
    text = '"""Title."""\n\nGIVEN = 3\n'
    secrets = []
    for n, body in enumerate(bodies):
        secret = f"secret_{n} = 0"
        secrets.append(secret)
        inner = "\n".join(f"    {line}" for part in [secret, *body, "return x"] for line in part.split("\n"))
        text += f'\n\ndef f{n}(a):\n    """Doc {n}."""\n    # BEGIN SOLUTION\n{inner}\n    # END SOLUTION\n'
    released = source.release(text)
    assert not any(secret in released for secret in secrets) and "SOLUTION" not in released
    module = source.module_of(released)
    for n in range(len(bodies)):
        assert getattr(module, f"f{n}").__doc__ == f"Doc {n}."
        with pytest.raises(NotImplementedError, match="write me"):
            getattr(module, f"f{n}")(0)
    assert module.GIVEN == 3
    removed = sum(source.body(text, f"f{n}").count("\n") + 2 for n in range(len(bodies)))
    assert released.count("\n") == text.count("\n") - removed


@pytest.mark.parametrize(
    "broken",
    [
        TEXT.replace("    # END SOLUTION\n", "", 1),
        TEXT.replace("    # BEGIN SOLUTION\n", "", 1),
        TEXT + "\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n",
        TEXT.replace("    half = 0.5 * a\n", "    half = 0.5 * a\n    # END SOLUTION\n    # BEGIN SOLUTION\n"),
    ],
)
def test_markers_that_do_not_match_are_refused(broken):
    with pytest.raises(ValueError, match=r"marker|needs one"):
        source.release(broken)


def test_patches_change_what_they_name_and_nothing_else():
    one, other = Patch("gates", "0.5 * a", "a"), Patch("gates_backward", "y * (1 - y)", "y\nslope = slope + 0")
    both = source.patched(TEXT, [one, other])
    assert both == TEXT.replace("0.5 * a\n", "a\n").replace("slope = y * (1 - y)", "slope = y\n    slope = slope + 0")
    assert source.patched(TEXT, [other, one]) == both


@pytest.mark.parametrize(
    "patches",
    [
        [Patch("gates", "not there", "a")],
        [Patch("gates", "y", "z")],  # more than once
        [Patch("gates", "", "z")],
        [Patch("gates", "0.5 * a", "a"), Patch("gates", "half = 0.5", "half = 1")],  # overlap
        [Patch("gates", "0.5 * a", "a"), Patch("gates", "0.5 * a", "2 * a")],
    ],
)
def test_patches_that_do_not_fit_or_not_together_give_nothing(patches):
    assert source.patched(TEXT, patches) is None
