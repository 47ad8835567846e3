"""Sphinx configuration: `make docs` executes every page, so each number on it is computed by the build."""

project = "Tinynet"
author = "The Tinynet authors"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "furo"
html_title = "Tinynet"
myst_enable_extensions = ["dollarmath", "amsmath"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
exclude_patterns = ["_build"]
