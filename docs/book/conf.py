"""Settings of the book that `make site` builds; the pages are gathered by merlib/publishing/site/book.py."""

from importlib.metadata import version as version_of

from merlib.publishing.site.api_pages import as_restructured

project = "merlib"
author = "The merlib authors"
release = version_of("merlib")
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]

html_theme = "sphinx_book_theme"
html_title = "merlib: five papers, reproduced"
html_css_files = ["book.css"]
html_js_files = [("book.js", {"defer": "defer"})]
html_favicon = "static/favicon.svg"
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "collapse_navbar": True,
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Nothing is executed and nothing is fetched: the notebooks are committed as they ran.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
nb_render_markdown_format = "myst"  # so that a table in what a cell shows is one
nb_code_prompt_show = "Show the solution"  # nothing else is folded
nb_code_prompt_hide = "Hide the solution"
mathjax_path = "mathjax/tex-svg.js"

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 4

default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings name the types
napoleon_google_docstring = False
napoleon_use_ivar = True
autodoc_default_options = {"exclude-members": "set_fit_request, set_predict_request, set_score_request"}
suppress_warnings = ["autodoc", "ref.python", "myst.header", "toc.not_readable"]
exclude_patterns = ["static"]


def restructured(_app, _what, _name, _object, _options, lines):
    """Let Sphinx read the two-column entries of our docstrings, and link ids of errata."""
    lines[:] = as_restructured(lines)


def setup(app):
    """Register the hook; before napoleon, which expects sections."""
    app.connect("autodoc-process-docstring", restructured, priority=400)
