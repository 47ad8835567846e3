"""How a window slides: sizes, cells, and the border that is put on and taken off."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.layers.strategies import Configuration, convolutions
from tinynet.layers.windows import Sliding, crop, pad


@pytest.mark.parametrize(
    ("sliding", "reach"),
    [
        (Sliding((1, 4)), (1, 4)),
        (Sliding((3, 2), dilation=(2, 5)), (5, 6)),
        (Sliding((1, 1), stride=(3, 3), dilation=(7, 7)), (1, 1)),
    ],
)
def test_effective_kernel_size(sliding: Sliding, reach: tuple[int, int]) -> None:
    assert sliding.effective_kernel_size == reach


@pytest.mark.parametrize(
    ("sliding", "size", "outputs"),
    [
        (Sliding((3, 3)), (5, 3), (3, 1)),
        (Sliding((3, 3), (2, 2)), (6, 7), (2, 3)),  # of six rows the last is never met
        (Sliding((2, 3), padding=((0, 1), (2, 0))), (4, 4), (4, 4)),
        (Sliding((3, 2), dilation=(2, 3)), (5, 8), (1, 5)),
    ],
)
def test_output_size(sliding: Sliding, size: tuple[int, int], outputs: tuple[int, int]) -> None:
    assert sliding.output_size(size) == outputs


@pytest.mark.parametrize(
    ("sliding", "size", "overhang"),
    [
        (Sliding((2, 2), (2, 2)), (4, 5), (0, 1)),
        (Sliding((3, 3), (2, 2), ((1, 1), (1, 1))), (6, 5), (1, 0)),
        (Sliding((3, 3), (4, 5), ((1, 1), (1, 1))), (6, 10), (0, 1)),  # a third row of windows would start at 7
        (Sliding((2, 2), (2, 3), ((0, 0), (1, 1)), (3, 2)), (5, 6), (1, 1)),
        (Sliding((3, 4), (2, 4)), (2, 1), (1, 3)),  # not even the first is whole
    ],
)
def test_windows_to_the_end(sliding: Sliding, size: tuple[int, int], overhang: tuple[int, int]) -> None:
    to_the_end = sliding.to_the_end(size)
    assert to_the_end == sliding._replace(overhang=overhang)
    (top, bottom), (left, right) = sliding.padding
    assert to_the_end.border == ((top, bottom + overhang[0]), (left, right + overhang[1]))
    more = [int(extra > 0) for extra in overhang]
    assert np.subtract(to_the_end.output_size(size), sliding.output_size(size)).tolist() == more


@pytest.mark.parametrize(
    ("sliding", "least"),
    [
        (Sliding((3, 3), dilation=(4, 4)), (1, 1)),
        (Sliding((4, 4), padding=((2, 2), (1, 1)), dilation=(2, 3)), (2, 3)),  # windows at −2 and −1, and at −1
        (Sliding((4, 4), (2, 1), ((2, 2), (0, 0)), (2, 1)), (1, 1)),
    ],
)
def test_the_least_size_that_no_window_misses(sliding: Sliding, least: tuple[int, int]) -> None:
    assert sliding.least_size == least


def test_padded_size() -> None:
    assert Sliding((1, 1), padding=((0, 1), (2, 4))).padded_size((4, 5)) == (5, 11)


@settings(deadline=None, max_examples=40)
@given(convolutions())
def test_the_cells_meet_what_the_window_covers(c: Configuration) -> None:
    sliding, (OH, OW) = c.sliding, c.sliding.output_size(c.size)
    padded = pad(c.arrays()[0], c.padding)
    seen = []
    for i, j, rows, columns in sliding.cells((OH, OW)):
        under = padded[:, :, rows, columns]
        assert under.shape[2:] == (OH, OW)
        for r, s in np.ndindex(OH, OW):
            row, column = r * c.stride[0] + i * c.dilation[0], s * c.stride[1] + j * c.dilation[1]
            np.testing.assert_array_equal(under[:, :, r, s], padded[:, :, row, column])
        seen.append((i, j))
    assert seen == list(np.ndindex(c.kernel_size))


def test_one_more_position_would_not_fit() -> None:
    sliding = Sliding((2, 3), (2, 3), ((1, 0), (1, 1)), (3, 1))
    outputs = sliding.output_size((6, 8))
    padded = pad(np.ones((1, 1, 6, 8)), sliding.padding)
    for axis, name in enumerate(("rows", "columns")):
        end = max(cell[2 + axis].stop for cell in sliding.cells(outputs))
        assert end <= padded.shape[2 + axis] < end + sliding.stride[axis], name


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_border_of_any_value_is_put_on_and_taken_off(dtype: type) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(dtype)
    padding = ((1, 2), (0, 3))
    padded = pad(x, padding, -np.inf)
    assert (padded.shape, padded.dtype) == ((2, 3, 7, 8), dtype)
    np.testing.assert_array_equal(crop(padded, padding), x)
    assert np.isneginf(padded).sum() == padded.size - x.size
    assert pad(x, padding).sum(dtype=np.float64) == pytest.approx(x.sum(dtype=np.float64), rel=1e-6)


def test_without_a_border_there_is_a_copy_all_the_same() -> None:
    x = np.zeros((1, 2, 3, 4)).transpose(0, 1, 3, 2)
    padded = pad(x, ((0, 0), (0, 0)))
    padded += 1
    assert padded.shape == crop(padded, ((0, 0), (0, 0))).shape == (1, 2, 4, 3)
    assert not x.any()
