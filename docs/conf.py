"""Sphinx configuration: `make docs` executes every page, so each number on it is computed by the build."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # for tools.site
os.environ["IPYTHONDIR"] = str(HERE / "_ipython")  # the kernels of the pages, whatever the reader has set up

from tools.site import reference  # noqa: E402

project = "Tinynet"
author = "The Tinynet authors"
extensions = [
    "myst_nb",
    "sphinx-mathjax-offline",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "tools.site.directives",
]
html_theme = "furo"
html_title = "Tinynet"
html_show_copyright = False
html_static_path = ["_static"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3  # links to sections of other pages
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # seconds a cell, on a machine that is busy
nb_merge_streams = True  # what a cell prints is one block
nb_output_stderr = "remove"  # the engine says there that it compiles, once on a machine
exclude_patterns = ["_build", "_ipython", "jupyter_execute"]
autodoc_member_order = "bysource"
napoleon_use_ivar = True  # a data class names its attributes once
autodoc_typehints = "none"  # the signature of the docstring's Args says more


def setup(app):
    reference.write_pages(HERE / "reference" / "names")
    app.connect("autodoc-process-signature", reference.signature)
    app.connect("autodoc-process-docstring", reference.prepare, priority=400)  # before napoleon
