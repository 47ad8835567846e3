"""Sphinx configuration: `make docs` executes every page, so each number on it is computed by the build."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tools.site

project = "Tinynet"
author = "The Tinynet authors"
extensions = ["myst_nb", "sphinx-mathjax-offline", "tools.site.directives"]
html_theme = "furo"
html_title = "Tinynet"
html_static_path = ["_static"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3  # links to sections of other pages
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
exclude_patterns = ["_build"]
