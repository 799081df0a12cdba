"""Pictures are written, with real glyphs where a font has them and with numbers where none has; never with empty boxes."""

import warnings

import numpy as np
import pytest
from matplotlib import image

from minis2s import plots
from minis2s.errors import Minis2sError
from minis2s.plots import attention_map, fonts_for, training_curves

SOURCE, TARGET = ["I", "love", "deep", "learning"], [*"我喜欢深度学习", "⟨end⟩"]
CJK = not fonts_for("我喜欢深度学习")[1]
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(4), 8)


@pytest.fixture(autouse=True)
def no_warnings():
    """Matplotlib warns of each missing glyph; a warning is a failure here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def only_latin_fonts(monkeypatch):
    monkeypatch.setattr(plots, "_installed_fonts", lambda: [])


def picture(path):
    assert path.read_bytes().startswith(b"\x89PNG")
    return image.imread(path)


@pytest.mark.skipif(not CJK, reason="no font with Chinese characters is installed")
def test_chinese_is_drawn_with_chinese_glyphs(tmp_path):
    note = attention_map(tmp_path / "a.png", SOURCE, TARGET, WEIGHTS, "我喜欢深度学习")
    assert note == ""
    attention_map(tmp_path / "b.png", SOURCE, [*"他不要高级音乐", "⟨end⟩"], WEIGHTS, "我喜欢深度学习")
    one, two = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    assert one.std() > 0.05 and (one.shape != two.shape or (one != two).any())  # different characters look different


def test_without_a_font_tokens_are_numbers_and_the_note_says_what_to_install(tmp_path, only_latin_fonts):
    note = attention_map(tmp_path / "a.png", SOURCE, TARGET, WEIGHTS, "我喜欢深度学习")
    assert "no installed font has '" in note and "labelled by number" in note and "fonts-noto-cjk" in note
    numbers = [str(k + 1) for k in range(8)]
    assert attention_map(tmp_path / "b.png", ["1", "2", "3", "4"], numbers, WEIGHTS) == ""
    np.testing.assert_array_equal(picture(tmp_path / "a.png"), picture(tmp_path / "b.png"))


def test_latin_text_needs_no_other_font(tmp_path, only_latin_fonts):
    assert attention_map(tmp_path / "a.png", SOURCE, ["ich", "liebe", "größere", "–", "«", "»", "é", "⟨end⟩"], WEIGHTS) == ""


def test_fonts_for_names_what_is_missing(only_latin_fonts):
    families, missing = fonts_for("aé 深度学习 a")
    assert families == ["DejaVu Sans"] and missing == "".join(sorted("深度学习"))


def test_a_font_is_taken_only_for_what_it_has(monkeypatch, tmp_path):
    glyphs = {"one.ttf": set("深度"), "two.ttf": set("度学"), "three.ttf": set("ab")}
    real = plots._glyphs
    monkeypatch.setattr(plots, "_glyphs", lambda path: glyphs.get(path) if path in glyphs else real(path))
    fonts = [("Three", "three.ttf"), ("One", "one.ttf"), ("Two", "two.ttf")]
    monkeypatch.setattr(plots, "_installed_fonts", lambda: fonts)
    assert fonts_for("深度学x") == (["DejaVu Sans", "One", "Two"], "")
    assert fonts_for("深习") == (["DejaVu Sans", "One"], "习")


def test_a_damaged_font_file_is_passed_over(tmp_path):
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    assert plots._glyphs(str(tmp_path / "bad.ttf")) == set()
    assert plots._glyphs(str(tmp_path / "none.ttf")) == set()


@pytest.mark.parametrize("token", ["$x$", "$\\frac{1}{$", "a$b", "_^{", "\\", "%", "#&~", "'\"", "<b>"])
def test_tokens_are_text_not_formulas(token, tmp_path):
    assert attention_map(tmp_path / "a.png", [token, "b"], ["c", token], np.eye(2), f"{token} {token}") == ""
    assert picture(tmp_path / "a.png").std() > 0.01


def test_one_token_and_very_many(tmp_path):
    attention_map(tmp_path / "a.png", ["a"], ["b"], np.ones((1, 1)))
    assert picture(tmp_path / "a.png").shape[0] > 100
    attention_map(tmp_path / "b.png", ["a"] * 400, ["b"], np.full((1, 400), 1 / 400))
    assert picture(tmp_path / "b.png").shape[1] <= 12_000


def records(n):
    names = ("train_loss", "dev_loss", "dev_exact_match", "dev_bleu", "dev_chrf", "dev_token_error_rate")
    return [{"epoch": k} | {name: 10 / (k + j) for j, name in enumerate(names)} for k in range(1, n + 1)]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_curves(n, tmp_path):
    training_curves(tmp_path / "curves.png", records(n))
    assert picture(tmp_path / "curves.png").std() > 0.05


def test_curves_without_scores(tmp_path):
    training_curves(tmp_path / "curves.png", [{"epoch": 1, "train_loss": 1.0, "dev_loss": 2.0}])
    assert picture(tmp_path / "curves.png").std() > 0.01


def test_the_loss_has_its_unit_and_what_is_worse_than_the_mean_is_seen(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "_save", lambda figure, path, dpi=120: drawn.append(figure.axes))
    records = [{"epoch": k, "train_loss": 1.0, "dev_loss": 2.0, "dev_variance_explained": v} for k, v in ((1, -40.0), (2, 30.0))]
    training_curves(tmp_path / "curves.png", records)
    losses, scores = drawn[0]
    assert losses.get_ylabel() == "loss (mean squared error)" and "greedy" not in scores.get_ylabel()
    assert scores.get_ylim()[0] <= -40


def test_a_picture_replaces_the_old_one_whole_or_not_at_all(tmp_path):
    training_curves(tmp_path / "curves.png", records(1))
    before = (tmp_path / "curves.png").read_bytes()
    training_curves(tmp_path / "curves.png", records(5))
    assert (tmp_path / "curves.png").read_bytes() != before
    with pytest.raises(Minis2sError, match="cannot write"):
        training_curves(tmp_path / "none" / "curves.png", records(1))
