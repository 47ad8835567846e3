"""The words of the checks that everything else is built on."""

import numpy as np
import pytest

from tinynet.core import Parameter, checks
from tinynet.core.checks.images import kernel_fits
from tinynet.core.checks.sequences import sequence_input, window_fits
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import integer_text, short


def test_a_sentence_names_who_and_what_and_gives_a_hint():
    with pytest.raises(ValueError, match=r"^Pump: no water\.\nHint: open the tap\.$"):
        checks.fail("Pump", "no water.", "open the tap.")
    with pytest.raises(TypeError, match=r"^\[1\]: no water\.$"):
        checks.fail([1], "no water.", kind=TypeError)


class Part:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def test_locate_spells_out_the_path_from_the_outermost_net():
    error, pump, tap, net = ValueError("dry."), Part("pump"), Part("tap"), Part("net")
    checks.locate(error, pump, [("0", tap), ("1", pump)], previous=tap)
    assert str(error) == "layer 1: dry.\n(What came is the output of layer 0: tap.)"
    checks.locate(error, net, [("2", net), ("2.body.0", tap), ("2.body.1", pump)], previous=None)
    assert str(error) == "layer 2.body.1: dry.\n(What came is the output of layer 2.body.0: tap.)"


def test_a_sentence_that_quotes_something_endless_is_cut():
    with pytest.raises(ValueError, match=r"^box: got x{9996} … and 90,005 more characters\.$"):
        checks.fail("box", f"got {'x' * 100_000}.")


def test_locate_gives_an_error_without_words_its_name():
    error, pump = RuntimeError(), Part("pump")
    checks.locate(error, pump, [("1", pump)])
    assert str(error) == "layer 1: RuntimeError"


def test_integers():
    assert checks.integer("f", "n", np.int8(3), minimum=3) == 3
    assert type(checks.integer("f", "n", np.int8(3))) is int
    with pytest.raises(ValueError, match=r"^f: n must be at least 3, got 2\."):
        checks.integer("f", "n", 2, minimum=3)
    for value in (2.0, True, "2", None):
        with pytest.raises(TypeError, match=rf"^f: n must be an integer, got {value!r}\."):
            checks.integer("f", "n", value)


def test_numbers():
    assert checks.number("f", "x", np.float32(0.5), above=0) == 0.5
    assert checks.number("f", "x", 0, minimum=0) == 0
    with pytest.raises(ValueError, match=r"^f: x must be greater than 0, got 0\.\nHint: more\.$"):
        checks.number("f", "x", 0, above=0, hint="more.")
    with pytest.raises(ValueError, match=r"^f: x must be at least 1, got 0\.5\."):
        checks.number("f", "x", 0.5, minimum=1)
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=rf"^f: x must be finite, got {value}\."):
            checks.number("f", "x", value)
    for value in (True, "1", 1j, [1.0]):
        with pytest.raises(TypeError, match=r"^f: x must be a number, got "):
            checks.number("f", "x", value)


def test_fractions_of_one():
    assert checks.fraction("f", "p", 0) == 0
    for value in (1, -0.1, 2.5):
        with pytest.raises(ValueError, match=rf"^f: p must be at least 0 and below 1, got {value}\."):
            checks.fraction("f", "p", value)


def test_one_of_suggests_what_was_meant():
    assert checks.one_of("f", "mode", "same", ("same", "valid")) == "same"
    with pytest.raises(
        ValueError, match=r"^f: mode must be one of 'same', 'valid'; got 'sane'\.\nHint: did you mean 'same'\?"
    ):
        checks.one_of("f", "mode", "sane", ("same", "valid"))
    with pytest.raises(ValueError, match=r"got 'xyz'\.$"):
        checks.one_of("f", "mode", "xyz", ("same", "valid"))


def test_pairs():
    assert checks.pair("f", "size", 3, 1) == (3, 3)
    assert checks.pair("f", "size", [np.int64(2), 3], 1) == (2, 3)
    with pytest.raises(ValueError, match=r"^f: size\[1\] must be at least 1, got 0\."):
        checks.pair("f", "size", (2, 0), 1)
    with pytest.raises(TypeError, match=r"^f: size\[0\] must be an integer, got 1\.5\."):
        checks.pair("f", "size", (1.5, 2), 1)
    with pytest.raises(TypeError, match=r"^f: size must be an integer, got True\."):
        checks.pair("f", "size", True, 1)
    for value in ((1, 2, 3), "33", 2.0):
        with pytest.raises(
            TypeError, match=r"^f: size must be an integer or a pair \(height, width\) of integers, got "
        ):
            checks.pair("f", "size", value, 1)


def test_shape_text():
    assert shape_text((3,)) == "(3,)"
    assert shape_text(("N", 3)) == "(N, 3)"
    assert shape_text(()) == "()"


def test_input_shape():
    checks.input_shape("f", np.ones((5, 3, 4)), ("N", 3, "W"))
    checks.input_shape("f", np.ones((5, 6, 3)), ("...", 3))
    checks.input_shape("f", np.ones(3), ("...", 3))
    with pytest.raises(ValueError, match=r"^f: expected x of shape \(N, 3\), got \(5, 4\)\.$"):
        checks.input_shape("f", np.ones((5, 4)), ("N", 3))
    with pytest.raises(ValueError, match=r"^f: expected h of shape \(\.\.\., 2, 3\), got \(3,\)\."):
        checks.input_shape("f", np.ones(3), ("...", 2, 3), name="h")
    with pytest.raises(
        ValueError, match=r"\nHint: the batch axis is missing; pass x\[np\.newaxis\] for a batch of one\."
    ):
        checks.input_shape("f", np.ones((3, 4)), ("N", 3, "W"))
    with pytest.raises(ValueError, match=r"\nHint: turn it round\."):
        checks.input_shape("f", np.ones((4, 3, 2)), ("N", 4), hint="turn it round.")


def test_same_shape():
    checks.same_shape("f", (2, 3), (2, 3))
    with pytest.raises(ValueError, match=r"^f: expected shape \(2, 3\), got \(2,\)\."):
        checks.same_shape("f", (2,), (2, 3))


def test_floating_arrays():
    assert Parameter([1.0, 2.0]).tensor.tolist() == [1, 2]
    with pytest.raises(TypeError, match=r"^Parameter: tensor must hold floating-point numbers, got int64\."):
        Parameter([1, 2])
    with pytest.raises(
        TypeError, match=r"^f: expected x of floating-point numbers, got uint8\.\nHint: .* pixels by 255"
    ):
        checks.floating_input("f", np.zeros((2, 2), np.uint8))
    with pytest.raises(TypeError, match=r"^f: expected x to be a NumPy array, got list\."):
        checks.floating_input("f", [[1.0]])


def test_rates():
    assert checks.rate("f", "lr", 0.5) == 0.5
    assert checks.rate("f", "lr", abs) is abs


def test_a_sentence_is_cut_where_it_is_too_long_by_one_character():
    with pytest.raises(ValueError, match=r"^box: x{10000}$"):
        checks.fail("box", "x" * 10_000)
    with pytest.raises(ValueError, match=r"^box: x{10000} … and 1 more characters\.$"):
        checks.fail("box", "x" * 10_001)


def test_a_rate_is_a_number_or_a_function_of_the_step():
    words = r"^SGD: lr must be a number or a function of the step, got .*\.\nHint: give a number such as 0\.1, or"
    with pytest.raises(TypeError, match=words):
        checks.rate("SGD", "lr", lambda: 0.1)


@pytest.mark.parametrize("size", [(2, 9), (9, 3)])
def test_a_kernel_must_fit_into_the_height_and_into_the_width(size):
    with pytest.raises(
        ValueError, match=rf"^box: expected images of at least 3 × 4 pixels .*, got {size[0]} × {size[1]}\."
    ):
        kernel_fits("box", size, (3, 4), ((0, 0), (0, 0)))
    kernel_fits("box", (3, 4), (3, 4), ((0, 0), (0, 0)))
    with pytest.raises(ValueError, match=r"^box: expected images of at least 4 × 3 pixels .*, got 3 × 9\."):
        kernel_fits("box", (3, 9), (4, 3), ((0, 0), (0, 0)))


def test_a_window_of_padding_alone_needs_a_step_too():
    with pytest.raises(ValueError, match=r"^box: expected sequences of at least 1 steps, .*, got 0\."):
        window_fits("box", 0, 1, (1, 1))


@pytest.mark.parametrize(("shape", "features"), [((4, 5), 3), ((4, 5, 6), 1)])
def test_no_hint_where_more_than_the_axis_of_features_is_wrong(shape, features):
    with pytest.raises(ValueError, match=r"^box: expected x of shape \(N, T, \d\), got \([4-6, ]*\)\.$"):
        sequence_input("box", np.ones(shape, np.float32), features)


def test_an_integer_that_float64_has_not_is_too_large_on_either_side():
    assert checks.integer("f", "n", 2**53) == 2**53
    assert checks.integer("f", "n", -(2**53)) == -(2**53)
    assert checks.integer("f", "n", 10**400, maximum=None) == 10**400
    with pytest.raises(ValueError, match=r"^f: n must be at most 9007199254740992, got 9\.0072e\+15\.$"):
        checks.integer("f", "n", 2**53 + 1)
    with pytest.raises(ValueError, match=r"^f: n must be at least -9007199254740992, got -9\.0072e\+15\.$"):
        checks.integer("f", "n", -(2**53) - 1)
    with pytest.raises(ValueError, match=r"^f: n must be at most 5, got 6\.$"):
        checks.integer("f", "n", 6, maximum=5)


def test_the_shape_of_an_array_is_a_tuple_of_sizes_that_a_memory_can_hold():
    assert checks.sizes("f", "shape", [2, np.int64(0), 3]) == (2, 0, 3)
    assert checks.sizes("f", "shape", (2**20, 2**20)) == (2**20, 2**20)
    with pytest.raises(
        TypeError,
        match=r"^f: shape must be a tuple of sizes, got 3\.\nHint: a bias is \(out,\), a weight \(out, in\)\.$",
    ):
        checks.sizes("f", "shape", 3)
    with pytest.raises(ValueError, match=r"^f: shape\[1\] must be at least 0, got -1\.$"):
        checks.sizes("f", "shape", (2, -1))
    with pytest.raises(ValueError, match=r"^f: shape \(1048576, 1048577\) has 1e\+12 numbers, more than a memory can"):
        checks.sizes("f", "shape", (2**20, 2**20 + 1))


def test_an_array_in_which_nothing_is_masked_is_a_plain_array():
    plain = checks.unmasked("f", np.ma.masked_array([1.0, 2.0]))
    assert type(plain) is np.ndarray
    assert plain.tolist() == [1, 2]
    assert checks.unmasked("f", "no array") == "no array"
    words = (
        r"^f: y is a masked array, in which 1 of 3 values are masked\.\nHint: replace them, as in y\.filled\(0\), or"
    )
    with pytest.raises(ValueError, match=words):
        checks.unmasked("f", np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]), "y")


@pytest.mark.parametrize(
    ("got", "hint"),
    [
        ((3, 2), "likely cause: a transpose: the axes are in another order."),
        ((5, 2, 3), "likely cause: a missing sum over the batch, or over another leading axis."),
        ((2, 4), ""),
        ((3, 3), ""),
    ],
)
def test_a_gradient_of_another_shape_gets_its_likely_cause(got, hint):
    parameter = Parameter(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError) as caught:
        checks.gradient_shape("f", parameter, np.ones(got))
    sentence = f"f: expected shape (2, 3), got {shape_text(got)}."
    assert str(caught.value) == (f"{sentence}\nHint: {hint}" if hint else sentence)
    assert caught.value.parameter is parameter


def test_a_gradient_that_was_not_summed_over_a_repeated_axis_is_told_so():
    hint = "likely cause: a missing sum over the axes that were broadcast; sum with keepdims=True."
    with pytest.raises(ValueError, match=rf"^f: expected shape \(1, 3\), got \(4, 3\)\.\nHint: {hint}$"):
        checks.gradient_shape("f", Parameter(np.ones((1, 3), np.float32)), np.ones((4, 3)))


def test_an_axis_is_counted_from_the_start():
    x = np.ones((2, 3))
    assert [checks.axis_of("f", x, axis) for axis in (-2, -1, 0, 1)] == [0, 1, 0, 1]
    for axis in (-3, 2):
        with pytest.raises(ValueError, match=rf"^f: axis {axis} does not exist in x of shape \(2, 3\)\.$"):
            checks.axis_of("f", x, axis)


def test_real_numbers_and_their_rows():
    assert checks.numbers("f", "y", [True, False]).tolist() == [True, False]
    with pytest.raises(TypeError, match=r"^f: y must hold real numbers, got complex128\.$"):
        checks.numbers("f", "y", [1j])
    words = r"^f: y must be an array, got rows of different lengths\.\nHint: bring them to one length\.$"
    with pytest.raises(TypeError, match=words):
        checks.numbers("f", "y", [[1, 2], [3]])


def test_words_for_a_value():
    class Box:
        pass

    assert checks.of_kind(Box()) == "a Box"
    assert checks.of_kind(Box) == "the class Box"
    assert checks.of_kind(1) == "an int"
    assert short("x" * 98) == repr("x" * 98)
    assert short("x" * 99) == "a str"
    assert short(np.eye(2)) == "a ndarray"  # two lines
    assert integer_text(-(10**298)) == "-1e+298"
    assert integer_text(9 * 10**298) == "9e+298"
    assert integer_text(9 * 10**299) == "one of 300 digits"
    assert integer_text(-(10**300)) == "one of 301 digits"
