"""Figures are their own: no window, no global state, the same look whatever the user's settings are."""

import subprocess
import sys

import matplotlib
import numpy as np

from tinynet.visualize import confusion_matrix
from tinynet.visualize.style import png


def test_settings_of_matplotlib_stay_as_they_are():
    with matplotlib.rc_context({"font.size": 7.25, "axes.titlelocation": "right"}):
        before = dict(matplotlib.rcParams)
        confusion_matrix(np.eye(2))
        assert dict(matplotlib.rcParams) == before


def test_the_look_does_not_depend_on_the_users_settings():
    plain = png(confusion_matrix(np.eye(2)), dpi=40)
    with matplotlib.rc_context(
        {"axes.titlesize": 30, "figure.facecolor": "black", "text.color": "red", "font.size": 20}
    ):
        changed = confusion_matrix(np.eye(2))
    assert png(changed, dpi=40) == plain


def test_notebooks_can_show_a_figure():
    assert confusion_matrix(np.eye(2))._repr_png_().startswith(b"\x89PNG")


def test_nothing_is_loaded_before_the_first_picture():
    code = "import sys, tinynet.visualize; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pyplot_is_never_loaded():
    code = "import sys, numpy as np; from tinynet.visualize import confusion_matrix as c; c(np.eye(2))._repr_png_(); "
    code += "sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
