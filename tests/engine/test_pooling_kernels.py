"""The bodies of pooling agree, in any memory layout, and the loops are right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.strategies import Configuration, layouts, poolings
from tinynet.core import faster
from tinynet.engine import pooling

FAST = ["vectorized", "compiled"]
PLAIN = ((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))


def results(c: Configuration, x: np.ndarray, dy: np.ndarray, include: bool) -> list[np.ndarray]:
    steps = c.kernel_size, c.stride, c.padding
    y, cells = pooling.maximum(x, *steps, c.dilation)
    found = [y, cells, pooling.maximum_gradient(dy, cells, c.size, *steps, c.dilation)]
    if c.dilation == (1, 1):
        found += [pooling.average(x, *steps, include), pooling.average_gradient(dy, c.size, *steps, include)]
    switches = pooling.switches(cells, c.size, *steps, c.dilation)
    found += [switches, pooling.unpool(y, switches, c.size), pooling.unpool_gradient(x, switches)]
    return found


def test_loops_by_hand() -> None:
    x = np.array([[[[1.0, 2.0, 5.0], [4.0, 3.0, 5.0]]]])
    steps = ((2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    with faster.use("loops"):
        y, cells = pooling.maximum(x, *steps)
        dx = pooling.maximum_gradient(np.array([[[[10.0, 20.0]]]]), cells, (2, 3), *steps)
        mean = pooling.average(x, (2, 2), (1, 1), ((0, 0), (0, 0)), True)
        shared = pooling.average_gradient(np.array([[[[4.0, 8.0]]]]), (2, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), True)
    np.testing.assert_array_equal(y, [[[[4, 5]]]])
    np.testing.assert_array_equal(cells, [[[[2, 1]]]])  # of the two fives the first
    np.testing.assert_array_equal(pooling.switches(cells, (2, 3), *steps), [[[[3, 2]]]])
    np.testing.assert_array_equal(dx, [[[[0, 0, 20], [10, 0, 0]]]])
    np.testing.assert_array_equal(mean, [[[[2.5, 3.75]]]])
    np.testing.assert_array_equal(shared, [[[[1, 3, 2], [1, 3, 2]]]])


def test_loops_of_a_relu_by_hand() -> None:
    x = np.array([[[[-1.0, 2.0, 0.0, -3.0, 0.5, np.nan]]]])
    with faster.use("loops"):
        y, cells = pooling.maximum(x, (1, 2), (1, 2), ((0, 0), (0, 0)), (1, 1), relu=True)
        dx = pooling.maximum_gradient(np.array([[[[5.0, 6.0, 7.0]]]]), cells, (1, 6), (1, 2), (1, 2), *PLAIN[2:])
    np.testing.assert_array_equal(y, [[[[2, 0, np.nan]]]])
    np.testing.assert_array_equal(cells, [[[[1, 2, 2]]]])  # nobody, whose number is 2, wins against 0 or as NaN
    np.testing.assert_array_equal(dx, [[[[0, 5, 0, 0, 0, 0]]]])


@pytest.mark.parametrize("body", FAST)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=30)
@given(c=poolings(), shift=st.sampled_from([-1.5, 0.0, 0.7]))
def test_bodies_agree_on_a_relu(body: str, dtype: type, c: Configuration, shift: float) -> None:
    x = (np.round(c.arrays()[0], 1) + shift).astype(dtype)  # with some zeros and some equals
    x.flat[0] = np.nan
    steps, found = (c.kernel_size, c.stride, c.padding, c.dilation), []
    for one in (body, "loops"):
        with faster.use(one):
            y, cells = pooling.maximum(x, *steps, relu=True)
            found.append([y, cells, pooling.maximum_gradient(np.ones_like(y), cells, c.size, *steps)])
    for mine, true in zip(*found, strict=True):
        np.testing.assert_array_equal(mine, true)
        assert mine.dtype == true.dtype


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_the_number_of_nobody_may_need_a_second_byte(body: str) -> None:
    x = -np.ones((1, 1, 16, 16))
    for width, dtype in ((15, np.uint8), (16, np.uint16)):
        with faster.use(body):
            y, cells = pooling.maximum(x[..., :width], (16, width), (1, 1), *PLAIN[2:], relu=True)
        assert (y.item(), cells.item(), cells.dtype) == (0, 16 * width, dtype)


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_where_nothing_is_above_minus_infinity_the_first_pixel_inside_wins(body: str) -> None:
    x = np.full((1, 1, 2, 3), -np.inf)
    with faster.use(body):
        y, cells = pooling.maximum(x, (2, 2), (1, 1), ((1, 0), (0, 1)), (1, 1))
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 3), -np.inf))
    np.testing.assert_array_equal(cells, [[[[2, 2, 2], [0, 0, 0]]]])


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_cells_take_one_byte_as_long_as_that_is_enough(body: str) -> None:
    x = np.arange(257.0).reshape(1, 1, 1, 257)
    for width, dtype in ((256, np.uint8), (257, np.uint16)):
        with faster.use(body):
            _, cells = pooling.maximum(x[..., :width], (1, width), (1, 1), ((0, 0), (0, 0)), (1, 1))
        assert cells.dtype == dtype
        assert cells.item() == width - 1


@pytest.mark.parametrize("body", FAST)
@settings(deadline=None, max_examples=80)
@given(c=poolings(), include=st.booleans())
def test_bodies_agree(body: str, c: Configuration, include: bool) -> None:
    x, _, _, dy = c.arrays()
    x = np.round(2 * x) / 2  # so that there are ties
    with faster.use("loops"):
        true = results(c, x, dy, include)
    with faster.use(body):
        fast = results(c, x, dy, include)
    for one, other in zip(fast, true, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", [*FAST, "loops"])
@settings(deadline=None, max_examples=15)
@given(c=poolings())
def test_any_layout(body: str, c: Configuration) -> None:
    x, _, _, dy = c.arrays()
    with faster.use(body):
        true = results(c, x, dy, False)
        for (name, x_view), dy_view in zip(layouts(x).items(), layouts(dy).values(), strict=True):
            before = x_view.copy(), dy_view.copy()
            for one, other in zip(results(c, x_view, dy_view, False), true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)
            np.testing.assert_array_equal(x_view, before[0])
            np.testing.assert_array_equal(dy_view, before[1])


@pytest.mark.parametrize("body", [*FAST, "loops"])
def test_nan_and_infinity(body: str) -> None:
    x = np.full((1, 1, 4, 4), -np.inf)
    x[0, 0, 0, 1] = np.nan
    x[0, 0, 0, 0] = np.inf
    x[0, 0, 2, 3] = np.nan
    x[0, 0, 3, 3] = 5
    with faster.use(body):
        y, cells = pooling.maximum(x, *PLAIN)
        padded, border = pooling.maximum(x[:, :, 2:, :2], (2, 2), (2, 2), ((1, 1), (1, 1)), (1, 1))
    np.testing.assert_array_equal(y[0, 0], [[np.nan, -np.inf], [-np.inf, np.nan]])
    np.testing.assert_array_equal(cells[0, 0], [[1, 0], [0, 1]])
    np.testing.assert_array_equal(padded, np.full((1, 1, 2, 2), -np.inf))
    np.testing.assert_array_equal(border[0, 0], [[3, 2], [1, 0]])  # the pixels inside the image, not the padding


@pytest.mark.parametrize("body", [*FAST, "loops"])
def test_of_several_switches_to_one_pixel_the_last_stays(body: str) -> None:
    x, switches = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[2, 0, 2]]]])
    with faster.use(body):
        y = pooling.unpool(x, switches, (1, 4))
        dx = pooling.unpool_gradient(np.array([[[[10.0, 20.0, 30.0, 40.0]]]]), switches)
    np.testing.assert_array_equal(y, [[[[2, 0, 3, 0]]]])
    np.testing.assert_array_equal(dx, [[[[0, 10, 30]]]])


@pytest.mark.parametrize("body", [*FAST, "loops"])
def test_windows_of_more_cells_than_a_byte_counts(body: str) -> None:
    x = np.arange(2 * 17 * 17.0).reshape(1, 2, 17, 17)
    with faster.use(body):
        y, cells = pooling.maximum(x, (17, 17), (1, 1), ((0, 0), (0, 0)), (1, 1))
        dx = pooling.maximum_gradient(np.ones_like(y), cells, (17, 17), (17, 17), (1, 1), ((0, 0), (0, 0)), (1, 1))
    np.testing.assert_array_equal(cells.ravel(), [288, 288])
    assert dx.sum() == 2
    assert dx[0, 1, 16, 16] == 1


@pytest.mark.parametrize("body", [*FAST, "loops"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_dtype_is_kept(body: str, dtype: type) -> None:
    x = np.ones((1, 1, 4, 4), dtype)
    with faster.use(body):
        y, cells = pooling.maximum(x, *PLAIN)
        switches = pooling.switches(cells, (4, 4), *PLAIN)
        found = [
            y,
            pooling.maximum_gradient(y, cells, (4, 4), *PLAIN),
            pooling.average(x, *PLAIN[:3], False),
            pooling.average_gradient(y, (4, 4), *PLAIN[:3], False),
            pooling.unpool(y, switches, (4, 4)),
            pooling.unpool_gradient(x, switches),
        ]
    assert [array.dtype for array in found] == [dtype] * 6
    assert cells.dtype == np.uint8  # one byte for each output is all that is kept until backward


@pytest.mark.parametrize("kernel_size", [(2, 2), (3, 1), (1, 4)])
@pytest.mark.parametrize("channels", [1, 6, 16, 35])
def test_windows_side_by_side_in_float32(channels: int, kernel_size: tuple[int, int]) -> None:
    rng = np.random.default_rng(channels)
    x = rng.integers(-2, 3, (3, channels, 7, 9)).astype(np.float32)  # many equals: the first wins
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = -np.inf
    steps = (kernel_size, kernel_size, ((0, 0), (0, 0)), (1, 1))
    got = {}
    for body in ("loops", "compiled"):
        with faster.use(body):
            y, cells = pooling.maximum(x, *steps)
            dy = np.random.default_rng(0).normal(size=y.shape).astype(np.float32)
            got[body] = y, cells, pooling.maximum_gradient(dy, cells, x.shape[2:], *steps)
    for slow, fast in zip(got["loops"], got["compiled"], strict=True):
        np.testing.assert_array_equal(slow, fast)
