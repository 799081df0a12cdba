"""Sphinx's settings. `python docs/build.py` uses them on what it gathers in build/site/source."""

import sys
from importlib.util import find_spec
from pathlib import Path

import minis2s

sys.path.insert(0, str(Path(__file__).parent))

project = "minis2s"
author = "the authors of minis2s"
version = release = minis2s.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.linkcode"]
extensions += ["extensions.docstrings", "extensions.links", "extensions.sources"]
exclude_patterns = ["README.md"]  # parts of it are included in the start page

# Lessons: percent-format Python, run once and kept.
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_timeout = 300
nb_execution_show_tb = True  # a lesson that fails is a warning, and with it a failed build: this says what went wrong
nb_execution_in_temp = True
nb_output_stderr = "error"
nb_merge_streams = True

# Formulas. MathJax with its glyphs is one file, which a page loads from beside it: no network, and no server either.
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
MATHJAX = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5" / "tex-svg-full.js"
mathjax_path = "tex-svg-full.js"
mathjax_config_path = "mathjax.js"
myst_update_mathjax = False

# API: docstrings are plain text (extensions/docstrings.py).
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "minis2s"
html_static_path = ["static", str(MATHJAX)]
html_css_files = ["site.css"]
html_show_copyright = html_show_sourcelink = html_copy_source = False
html_show_search_summary = False  # a browser refuses to fetch other pages by file://
highlight_language = "text"  # formulas in docstrings; code says what it is
pygments_style, pygments_dark_style = "friendly", "monokai"


def linkcode_resolve(domain, info):
    """The place of a documented object, seen from a page of api/."""
    from extensions.sources import address_of

    return f"../{address_of(info)}" if domain == "py" else None
