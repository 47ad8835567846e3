"""Formulas are read from docstrings."""

import pytest

from tinynet.core import formula
from tinynet.layers import Linear
from tinynet.losses import mean_squared_error


class Documented:
    """A thing.

    Equation:
        y = x
          + 1

        z = y

    A paragraph that ends it.

    Gradients (given dy):
        dx = dy

    Args:
        x: Gradients:
    """


@pytest.mark.parametrize("thing", [Documented, Documented()])
def test_sections_are_found_with_their_lines(thing):
    assert formula(thing) == {"Equation": "y = x\n  + 1\n\nz = y", "Gradients": "dx = dy"}


def test_functions_have_formulas_too():
    assert formula(mean_squared_error)["Gradients"] == "∂L/∂predicted = 2 (predicted − truth) / n"


def test_a_layer_and_its_class_have_the_same():
    assert formula(Linear(2, 3)) == formula(Linear)
    assert list(formula(Linear)) == ["Equation", "Gradients"]


def test_nothing_where_nothing_is_said():
    class Silent:
        pass

    assert formula(Silent()) == {}
    assert formula(lambda x: x) == {}
