"""The bodies of convolution agree, in any memory layout, and the loops are right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tests.engine.strategies import Configuration, convolutions, layouts
from tinynet import engine as kernels
from tinynet.core import faster
from tinynet.engine import convolution

FAST = ["vectorized", "compiled"]
PLAIN = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)


def results(c: Configuration, body: str) -> list[np.ndarray]:
    x, W, b, dy = c.arrays()
    with faster.use(body):
        return [
            convolution.forward(x, W, b, *c.steps),
            convolution.forward(x, W, None, *c.steps),
            convolution.input_gradient(dy, W, c.size, *c.steps),
            convolution.weight_gradient(x, dy, c.kernel_size, *c.steps),
        ]


def test_loops_by_hand() -> None:
    x, W = np.arange(9.0).reshape(1, 1, 3, 3), np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    with faster.use("loops"):
        y = convolution.forward(x, W, np.array([10.0]), *PLAIN)
        dx = convolution.input_gradient(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), W, (3, 3), *PLAIN)
        dW = convolution.weight_gradient(x, np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), (2, 2), *PLAIN)
    np.testing.assert_array_equal(y[0, 0], [[6, 6], [6, 6]])
    np.testing.assert_array_equal(dx[0, 0], [[1, 2, 0], [3, 3, -2], [0, -3, -4]])
    np.testing.assert_array_equal(dW[0, 0], [[8, 11], [17, 20]])


@settings(deadline=None, max_examples=40)
@given(convolutions())
def test_loops_gradients_are_adjoint(c: Configuration) -> None:
    # y is linear in x and in W, so <dy, y(x, W)> = <dx, x> = <dW, W> says that dx and dW are the derivatives.
    x, W, _, dy = c.arrays()
    _, y, dx, dW = results(c, "loops")
    np.testing.assert_allclose((dx * x).sum(), (dy * y).sum(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose((dW * W).sum(), (dy * y).sum(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", FAST)
@settings(deadline=None, max_examples=80)
@given(c=convolutions())
def test_bodies_agree(body: str, c: Configuration) -> None:
    for fast, true in zip(results(c, body), results(c, "loops"), strict=True):
        assert fast.shape == true.shape
        assert fast.dtype == np.float64
        np.testing.assert_allclose(fast, true, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", [*FAST, "loops"])
@settings(deadline=None, max_examples=15)
@given(c=convolutions())
def test_any_layout(body: str, c: Configuration) -> None:
    x, W, b, dy = c.arrays()
    true = results(c, body)
    with faster.use(body):
        for (name, x_view), dy_view in zip(layouts(x).items(), layouts(dy).values(), strict=True):
            W_view = layouts(W)[name]
            got = [
                convolution.forward(x_view, W_view, b, *c.steps),
                convolution.forward(x_view, W_view, None, *c.steps),
                convolution.input_gradient(dy_view, W_view, c.size, *c.steps),
                convolution.weight_gradient(x_view, dy_view, c.kernel_size, *c.steps),
            ]
            for one, other in zip(got, true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("body", FAST)
def test_inputs_stay_untouched(body: str) -> None:
    rng = np.random.default_rng(0)
    x, W, dy = rng.normal(size=(2, 3, 5, 5)), rng.normal(size=(4, 3, 1, 1)), rng.normal(size=(2, 4, 5, 5))
    before = x.copy(), W.copy(), dy.copy()
    with faster.use(body):
        y = convolution.forward(x, W, np.ones(4), *PLAIN)
        dx = convolution.input_gradient(dy, W, (5, 5), *PLAIN)
        dW = convolution.weight_gradient(x, dy, (1, 1), *PLAIN)
    for result in (y, dx, dW):
        result += 1
    for now, then in zip((x, W, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("body", ["vectorized"])
@pytest.mark.parametrize(("groups", "outputs"), [(1, 8), (4, 8), (8, 8), (8, 16)])
def test_more_images_than_one_block(body: str, groups: int, outputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.engine.convolution import depthwise, vectorized

    rng = np.random.default_rng(1)
    x, W = rng.normal(size=(7, 8, 9, 6)), rng.normal(size=(outputs, 8 // groups, 3, 3))
    dy = rng.normal(size=(7, outputs, 4, 6))
    steps = ((2, 1), ((0, 1), (1, 1)), (1, 1), groups)

    def run() -> list[np.ndarray]:
        return [
            convolution.forward(x, W, None, *steps),
            convolution.input_gradient(dy, W, (9, 6), *steps),
            convolution.weight_gradient(x, dy, (3, 3), *steps),
        ]

    with faster.use(body):
        whole = run()
        monkeypatch.setattr(vectorized, "BLOCK", 2 * 24 * 9 * 8)
        monkeypatch.setattr(depthwise, "BLOCK", 2 * 24 * outputs)
        for blocked, at_once in zip(run(), whole, strict=True):
            np.testing.assert_allclose(blocked, at_once, rtol=1e-12, atol=1e-12)


def test_a_block_holds_as_many_images_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.engine.convolution import depthwise, vectorized

    monkeypatch.setattr(vectorized, "BLOCK", 250)
    monkeypatch.setattr(depthwise, "BLOCK", 250)
    two = [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(vectorized.blocks(5, 6, 100)) == [(some, slice(6 * some.start, 6 * some.stop)) for some in two]
    assert [images for images, _ in vectorized.blocks(2, 6, 251)] == [slice(0, 1), slice(1, 2)]
    assert [images for images, _ in vectorized.blocks(2, 6, 0)] == [slice(0, 2)]
    assert [range(5)[some] for some in depthwise._blocks(np.empty((5, 100)))] == [range(5)[some] for some in two]
    assert len(depthwise._blocks(np.empty((2, 251)))) == 2
    assert len(depthwise._blocks(np.empty((2, 0)))) == 1


def test_blocks_are_measured_by_what_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.engine.convolution import vectorized

    measured, blocks = [], vectorized.blocks

    def noted(N: int, places: int, numbers: int) -> object:
        measured.append(numbers)
        return blocks(N, places, numbers)

    monkeypatch.setattr(vectorized, "blocks", noted)
    x, W, dy = np.ones((2, 8, 5, 6)), np.ones((6, 4, 2, 3)), np.ones((2, 6, 4, 4))
    convolution.forward(x, W, None, *PLAIN[:3], 2)
    convolution.input_gradient(dy, W, (5, 6), *PLAIN[:3], 2)
    convolution.weight_gradient(x, dy, (2, 3), *PLAIN[:3], 2)
    assert measured == [4 * 4 * 2 * 3 * 8, 4 * 4 * 8, 4 * 4 * 2 * 3 * 8]  # on the way back one cell at a time


@pytest.mark.parametrize("body", [*FAST, "loops"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(body: str, dtype: type) -> None:
    x, W, dy = np.ones((1, 2, 3, 3), dtype), np.ones((2, 1, 2, 2), dtype), np.ones((1, 2, 2, 2), dtype)
    steps = ((1, 1), ((0, 0), (0, 0)), (1, 1), 2)
    with faster.use(body):
        assert convolution.forward(x, W, np.ones(2, dtype), *steps).dtype == dtype
        assert convolution.input_gradient(dy, W, (3, 3), *steps).dtype == dtype
        assert convolution.weight_gradient(x, dy, (2, 2), *steps).dtype == dtype


@pytest.mark.parametrize("body", [*FAST, "loops"])
def test_empty_batch(body: str) -> None:
    with faster.use(body):
        assert convolution.forward(np.ones((0, 2, 3, 3)), np.ones((4, 2, 2, 2)), None, *PLAIN).shape == (0, 4, 2, 2)
        assert convolution.input_gradient(np.ones((0, 4, 2, 2)), np.ones((4, 2, 2, 2)), (3, 3), *PLAIN).size == 0
        dW = convolution.weight_gradient(np.ones((0, 2, 3, 3)), np.ones((0, 4, 2, 2)), (2, 2), *PLAIN)
    np.testing.assert_array_equal(dW, np.zeros((4, 2, 2, 2)))


WIDE = Configuration(9, 16, 32, (9, 14), (3, 3), (1, 1), ((1, 0), (1, 2)), (1, 1), 1, 0)


def float32(c: Configuration) -> list[np.ndarray]:
    x, W, b, dy = (array.astype(np.float32) for array in c.arrays())
    return [
        convolution.forward(x, W, b, *c.steps),
        convolution.forward(x, W, None, *c.steps),
        convolution.input_gradient(dy, W, c.size, *c.steps),
        convolution.weight_gradient(x, dy, c.kernel_size, *c.steps),
    ]


@pytest.mark.parametrize(
    "c",
    [
        WIDE,
        replace(WIDE, size=(3, 3), padding=((0, 0), (0, 0)), n=1),
        replace(WIDE, size=(6, 5), padding=((2, 2), (2, 2))),
        replace(WIDE, size=(2, 2), padding=((3, 3), (0, 1))),  # more padding than the turned kernel has room for
    ],
)
def test_winograd_is_near_the_true_sum(c: Configuration) -> None:
    with faster.use("compiled"):
        fast = float32(c)
        with kernels.exact():
            plain = float32(c)
    for one, other, true in zip(fast, plain, results(c, "vectorized"), strict=True):
        scale = np.abs(true).max()
        assert one.shape == other.shape == true.shape
        assert one.dtype == other.dtype == np.float32
        assert np.abs(one - true).max() < 1e-5 * scale
        assert np.abs(other - true).max() < 1e-6 * scale


@settings(deadline=None, max_examples=30)
@given(convolutions(), st.integers(1, 9), st.integers(1, 36))
def test_float32_is_near_the_true_sum(c: Configuration, channels: int, outputs: int) -> None:
    c = replace(c, channels=channels, outputs=outputs, groups=1)  # blocks of sixteen outputs, whole and in part
    with faster.use("compiled"), kernels.exact():
        got = float32(c)
    for one, true in zip(got, results(c, "vectorized"), strict=True):
        assert one.shape == true.shape
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, true, rtol=0, atol=2e-6 * max(np.abs(true).max(), 1))


def test_winograd_serves_unless_exact() -> None:
    compiled = pytest.importorskip("tinynet.engine.convolution.compiled")
    wide = (np.dtype(np.float32), 16, 32, (3, 3), (1, 1), (1, 1))
    assert compiled.suits_winograd(*wide)
    assert not compiled.suits_winograd(np.dtype(np.float64), *wide[1:])
    assert not compiled.suits_winograd(*wide[:4], (2, 1), (1, 1))
    assert not compiled.suits_winograd(wide[0], 16, 24, *wide[3:])  # the channels are not in sixteens
    with kernels.exact():
        assert not compiled.suits_winograd(*wide)
        with kernels.exact(False):
            assert compiled.suits_winograd(*wide)
    assert not kernels.is_exact()


def test_the_number_of_threads_changes_no_bit() -> None:
    steps = (
        WIDE,
        replace(WIDE, stride=(2, 1)),
        replace(WIDE, outputs=5),
        replace(WIDE, channels=24, outputs=24, groups=24),
    )
    with faster.use("compiled"):
        with tn.threads(3):
            many = [float32(c) for c in steps]
        with tn.threads(1):
            one = [float32(c) for c in steps]
    for all_many, all_one in zip(many, one, strict=True):
        for array, other in zip(all_many, all_one, strict=True):
            np.testing.assert_array_equal(array, other)


def test_compiled_code_holds_the_blas_at_one_thread_only_while_it_runs() -> None:
    products = pytest.importorskip("tinynet.engine.machine.gemm.inside")
    before = [library.num_threads for library in products._blas()]
    with products.single_threaded():
        assert {library.num_threads for library in products._blas()} == {1}
    assert [library.num_threads for library in products._blas()] == before
