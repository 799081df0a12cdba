"""The parts of the site: what is generated from the registry is whole, plain text stays plain, ids and files become links.

The built site is checked in a browser by docs/check_site.py. Here a small site with planted faults shows that the check can fail.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.course import lessons
from minis2s.equations.registry import equations

DOCS = Path(__file__).parent.parent.parent / "docs"
sys.path.insert(0, str(DOCS))

from generate import course, errata, speed, tasks, text  # noqa: E402
from generate import equations as index  # noqa: E402

from minis2s.data.tasks import TASKS  # noqa: E402


def record(name):
    return json.loads((DOCS / "speed" / f"{name}.json").read_text("utf-8"))


def test_every_record_of_speed_has_its_tables():
    page = speed.pages()["speed.md"]
    assert "<!--" not in page
    for name in ("skylakex-2", "haswell-2", "skylakex-1"):
        for r in record(name)["results"]:
            assert f"| {r['setting']} | {r['engine']} | {r['step_ms']:,.1f} | " in page
    for cost in record("length")["results"]:
        assert f" {cost['step_ms']:,.1f} | {cost['peak_mb']:,.1f} | {cost['held_mb']:,.1f} |" in page


def test_the_speeds_in_the_readme_are_those_of_the_records():
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    first, second = ({(r["setting"], r["engine"]): r for r in record(n)["results"]} for n in ("skylakex-2", "haswell-2"))
    for setting in ("date", "words", "multi", "big", "main"):

        def ratios(records, key, setting=setting):
            ours = records[setting, "minis2s"][key]
            return ", ".join(f"{records[setting, name][key] / ours:.2f}" for name in ("torch", "torch-compile", "jax"))

        _, step, *others = next(line for line in readme.splitlines() if re.match(rf"\| {setting}\b.* ms ", line)).split(" | ")
        assert step == f"{first[setting, 'minis2s']['step_ms']:,.0f} ms"
        assert others[:2] == [ratios(first, "step_ms"), ratios(second, "step_ms")] and others[3] == ratios(first, "decode_ms")


def test_every_equation_has_one_card_with_its_formula_and_check():
    pages = index.pages()
    for entry in equations():
        page = pages[f"equations/{entry.document}.md"]
        assert page.count(f"(equation-{entry.id})=\n") == page.count(f'<span id="{entry.id}"></span>') == 1
        assert f"$$\n{entry.latex}\n$$" in page and f"`minis2s check --only {entry.id}`" in page
        assert f"| {entry.id} | " in pages["equations/index.md"]
    assert "".join(pages.values()).count("(equation-") == len(equations())


def test_an_equations_card_says_where_its_code_lies():
    card = index.card(next(each for each in equations() if each.id == "D0.4"))
    path, line = re.search(r"`lstm_cell_state` in `([\w/.]+):(\d+)`", card).groups()
    assert (DOCS.parent / path).read_text("utf-8").split("\n")[int(line) - 1].startswith("def lstm_cell_state(")
    assert "taught in: lesson 5" in card and "`tests/equations/test_lstm.py`" in card and "X5" in card


def test_every_erratum_has_a_card():
    assert list(errata.texts()) == [f"X{number}" for number in range(1, 18)]
    named = {id for entry in equations() for id in re.findall(r"\bX\d+\b", entry.erratum)}
    assert named <= set(errata.texts())
    page = errata.pages()["errata.md"]
    path, line = re.search(r"## X1 .*?`([\w/.]+):(\d+)`", page, re.DOTALL).groups()
    assert "X1" in (DOCS.parent / path).read_text("utf-8").split("\n")[int(line) - 1]


def test_the_course_has_every_lesson_and_its_code_unchanged():
    pages = course.pages()
    for lesson in lessons():
        assert f"]({lesson.path.name})" in pages["lessons/index.md"]
        texts = pages[f"lessons/{lesson.path.name}"], lesson.path.read_text("utf-8")
        shown, own = (re.sub(r"^#.*\n", "", each, flags=re.MULTILINE) for each in texts)
        assert shown.split() == own.split()
    assert f"]({lessons()[0].path.name}) |" in pages["lessons/glossary.md"]


def test_every_task_is_described():
    assert re.findall(r"^## (.*)$", tasks.pages()["tasks.md"], re.MULTILINE) == list(TASKS)


plain = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from(" `*_|[]<>\\$#:.-+"), min_size=1)


@given(plain)
def test_markdown_shows_escaped_text_unchanged(words):
    markdown = pytest.importorskip("markdown_it", reason="needs the extra docs").MarkdownIt("commonmark")
    words = " ".join(words.split())
    inline = markdown.parseInline(text.escaped(words))[0].children
    assert {token.type for token in inline} <= {"text", "text_special"}
    assert "".join(token.content for token in inline) == words


@given(st.lists(plain, min_size=1).map("\n".join))
def test_docstrings_are_shown_unchanged_and_without_complaint(doc):
    core = pytest.importorskip("docutils.core", reason="needs the extra docs")
    from extensions.docstrings import as_rst

    doc = doc.replace("`", "'")
    tree = core.publish_doctree(as_rst(doc), settings_overrides={"report_level": 1, "halt_level": 1, "smart_quotes": False})
    assert "".join(tree.astext().split()) == "".join(doc.split())


def test_an_indented_block_of_a_docstring_stays_as_it_stands():
    core = pytest.importorskip("docutils.core", reason="needs the extra docs")
    from extensions.docstrings import as_rst

    tree = core.publish_doctree(as_rst("Formula:\n\n    a = b*c   # *x*\n      d_x\n\nSee `f(x)`: a_b."))
    assert [each.tagname for each in tree] == ["paragraph", "literal_block", "paragraph"]
    assert tree[1].astext() == "a = b*c   # *x*\n  d_x"
    assert tree[2][1].tagname == "literal" and tree[2].astext() == "See f(x): a_b."


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("D0.4 and D3.3-printed, erratum X1.", ["D0.4", "D3.3-printed", "X1"]),
        ("D3.3-like: no form; D0.1–D0.3; D2.10.", ["D3.3", "D0.1", "D0.3", "D2.10"]),
        ("Lesson 5, lessons 2 and 3, lessons 1 to 4; less 7", ["Lesson 5", "2", "3", "1", "4"]),
        ("D0 §3.1, XD0.1, v1.2, AX1", []),
    ],
)
def test_ids_and_lessons_are_found_in_texts(words, found):
    pytest.importorskip("sphinx", reason="needs the extra docs")
    from extensions.links import TEXT

    assert [match[0] for match in TEXT.finditer(words)] == found


# The check of the built site, on a page with one fault

FORMULA = '<span class="math"><mjx-container><svg width="20" height="20"></svg></mjx-container></span>'
GOOD = f"<p id='here'>{FORMULA} <a href='#here'>a</a> <a href='other.html#there'>b</a> <code>$x$ \\alpha</code></p>"
FAULTS = {
    "formula not rendered": '<span class="math">\\(x\\)</span>',
    "formula with an error": FORMULA.replace("<svg", "<mjx-merror data-mjx-error='no such command'></mjx-merror><svg"),
    "formula without a size": FORMULA.replace("20", "0"),
    "LaTeX or Markdown in the text": "<p>as in $\\alpha_t$</p>",
    "picture not shown": "<img src='gone.png'>",
    "scrolls sideways at 390 px": "<div style='width: 600px'>wide</div>",
    "link to nothing": "<a href='gone.html'>c</a>",
    "link to a place": "<a href='other.html#nowhere'>d</a>",
    "script failed": "<script>nothing.at.all</script>",
    "console: ": "<script>console.error('oh')</script>",
    "request leaves the site": "<script src='http://localhost:9/a.js'></script>",
}


def check(folder, body):
    for name, content in {"index.html": body, "other.html": "<p id='there'>there</p>"}.items():
        (folder / name).write_text(f"<!DOCTYPE html><meta charset='utf-8'><title>t</title><article>{content}</article>", "utf-8")
    return subprocess.run([sys.executable, DOCS / "check_site.py", folder], capture_output=True, text=True, timeout=120)


@pytest.fixture
def browser():
    pytest.importorskip("websocket", reason="needs the extra docs")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
        pytest.skip("needs Chromium")


@pytest.mark.slow
def test_the_check_passes_a_good_page(browser, tmp_path):
    done = check(tmp_path, GOOD)
    assert (done.returncode, done.stdout.strip()) == (0, "2 pages, 1 formulas, 0 pictures, 2 links: 0 problems"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("problem", FAULTS)
def test_the_check_finds_a_fault(problem, browser, tmp_path):
    done = check(tmp_path, GOOD + FAULTS[problem])
    assert done.returncode == 1 and f"index.html: {problem}" in done.stdout, done.stdout + done.stderr
