"""All ways to convolve agree, in any memory order, and the loops are right."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tests.layers.strategies import Configuration, convolutions, layouts
from tinynet import engine
from tinynet.core import faster
from tinynet.engine import convolution
from tinynet.engine.convolution import gathered
from tinynet.engine.machine.layout import is_channels_last
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, Layer
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.windows import Sliding

FAST = ["plain", "auto", "compiled"]  # of small arrays "auto" gathers rows


def sums(c: Configuration, x: np.ndarray, W: np.ndarray, b: np.ndarray, dy: np.ndarray) -> list[np.ndarray]:
    return [
        convolve(x, W, b, c.sliding, c.groups),
        convolve(x, W, None, c.sliding, c.groups),
        convolve_back(dy, W, c.size, c.sliding, c.groups),
        correlate(x, dy, c.sliding, c.groups),
        channel_sums(dy),
    ]


def results(c: Configuration, choice: str) -> list[np.ndarray]:
    with faster.use(choice):
        return sums(c, *c.arrays())


def test_loops_by_hand() -> None:
    x, W, sliding = np.arange(9.0).reshape(1, 1, 3, 3), np.array([[[[1.0, 0.0], [0.0, -1.0]]]]), Sliding((2, 2))
    with faster.use("loops"):
        y = convolve(x, W, np.array([10.0]), sliding, 1)
        dx = convolve_back(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), W, (3, 3), sliding, 1)
        dW = correlate(x, np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), sliding, 1)
    np.testing.assert_array_equal(y[0, 0], [[6, 6], [6, 6]])
    np.testing.assert_array_equal(dx[0, 0], [[1, 2, 0], [3, 3, -2], [0, -3, -4]])
    np.testing.assert_array_equal(dW[0, 0], [[8, 11], [17, 20]])


@settings(deadline=None, max_examples=40)
@given(convolutions())
def test_loops_gradients_are_adjoint(c: Configuration) -> None:
    # y is linear in x and in W, so <dy, y(x, W)> = <dx, x> = <dW, W> says that dx and dW are the derivatives.
    x, W, _, dy = c.arrays()
    _, y, dx, dW, _ = results(c, "loops")
    np.testing.assert_allclose((dx * x).sum(), (dy * y).sum(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose((dW * W).sum(), (dy * y).sum(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("choice", FAST)
@settings(deadline=None, max_examples=80)
@given(c=convolutions())
def test_all_agree(choice: str, c: Configuration) -> None:
    for fast, true in zip(results(c, choice), results(c, "loops"), strict=True):
        assert fast.shape == true.shape
        assert fast.dtype == np.float64
        np.testing.assert_allclose(fast, true, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("choice", [*FAST, "loops"])
@settings(deadline=None, max_examples=15)
@given(c=convolutions())
def test_any_layout(choice: str, c: Configuration) -> None:
    x, W, b, dy = c.arrays()
    true = results(c, choice)
    with faster.use(choice):
        for (name, x_view), dy_view in zip(layouts(x).items(), layouts(dy).values(), strict=True):
            for one, other in zip(sums(c, x_view, layouts(W)[name], b, dy_view), true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("choice", FAST)
def test_inputs_stay_untouched(choice: str) -> None:
    rng, sliding = np.random.default_rng(0), Sliding((1, 1))
    x, W, dy = rng.normal(size=(2, 3, 5, 5)), rng.normal(size=(4, 3, 1, 1)), rng.normal(size=(2, 4, 5, 5))
    before = x.copy(), W.copy(), dy.copy()
    with faster.use(choice):
        y = convolve(x, W, np.ones(4), sliding, 1)
        dx = convolve_back(dy, W, (5, 5), sliding, 1)
        dW = correlate(x, dy, sliding, 1)
    for result in (y, dx, dW):
        result += 1
    for now, then in zip((x, W, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(("groups", "outputs"), [(1, 8), (4, 8), (8, 8), (8, 16)])
def test_more_images_than_one_block(groups: int, outputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    x, W = rng.normal(size=(7, 8, 9, 6)), rng.normal(size=(outputs, 8 // groups, 3, 3))
    dy, sliding = rng.normal(size=(7, outputs, 4, 6)), Sliding((3, 3), (2, 1), ((0, 1), (1, 1)))

    def run() -> list[np.ndarray]:
        return [
            gathered.convolve(x, W, None, sliding, groups),
            gathered.convolve_back(dy, W, (9, 6), sliding, groups),
            gathered.correlate(x, dy, sliding, groups),
        ]

    whole = run()
    monkeypatch.setattr(gathered, "NUMBERS_PER_BLOCK", 2 * 24 * 9 * 8)
    monkeypatch.setattr(gathered.depthwise, "NUMBERS_PER_BLOCK", 2 * 24 * outputs)
    for blocked, at_once in zip(run(), whole, strict=True):
        np.testing.assert_allclose(blocked, at_once, rtol=1e-12, atol=1e-12)


def test_a_block_holds_as_many_images_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    depthwise = gathered.depthwise
    monkeypatch.setattr(gathered, "NUMBERS_PER_BLOCK", 250)
    monkeypatch.setattr(depthwise, "NUMBERS_PER_BLOCK", 250)
    two = [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(gathered.blocks(5, 6, 100)) == [(some, slice(6 * some.start, 6 * some.stop)) for some in two]
    assert [images for images, _ in gathered.blocks(2, 6, 251)] == [slice(0, 1), slice(1, 2)]
    assert [images for images, _ in gathered.blocks(2, 6, 0)] == [slice(0, 2)]
    assert [range(5)[some] for some in depthwise._blocks(np.empty((5, 100)))] == [range(5)[some] for some in two]
    assert len(depthwise._blocks(np.empty((2, 251)))) == 2
    assert len(depthwise._blocks(np.empty((2, 0)))) == 1


def test_blocks_are_measured_by_what_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, blocks, sliding = [], gathered.blocks, Sliding((2, 3))

    def noted(N: int, positions: int, numbers: int) -> object:
        measured.append(numbers)
        return blocks(N, positions, numbers)

    monkeypatch.setattr(gathered, "blocks", noted)
    x, W, dy = np.ones((2, 8, 5, 6)), np.ones((6, 4, 2, 3)), np.ones((2, 6, 4, 4))
    gathered.convolve(x, W, None, sliding, 2)
    gathered.convolve_back(dy, W, (5, 6), sliding, 2)
    gathered.correlate(x, dy, sliding, 2)
    assert measured == [4 * 4 * 2 * 3 * 8, 4 * 4 * 8, 4 * 4 * 2 * 3 * 8]  # on the way back one cell at a time


@pytest.mark.parametrize("choice", [*FAST, "loops"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(choice: str, dtype: type) -> None:
    x, W, dy = np.ones((1, 2, 3, 3), dtype), np.ones((2, 1, 2, 2), dtype), np.ones((1, 2, 2, 2), dtype)
    with faster.use(choice):
        assert convolve(x, W, np.ones(2, dtype), Sliding((2, 2)), 2).dtype == dtype
        assert convolve_back(dy, W, (3, 3), Sliding((2, 2)), 2).dtype == dtype
        assert correlate(x, dy, Sliding((2, 2)), 2).dtype == dtype
        assert channel_sums(dy).dtype == dtype


@pytest.mark.parametrize("choice", [*FAST, "loops"])
def test_empty_batch(choice: str) -> None:
    sliding = Sliding((2, 2))
    with faster.use(choice):
        assert convolve(np.ones((0, 2, 3, 3)), np.ones((4, 2, 2, 2)), None, sliding, 1).shape == (0, 4, 2, 2)
        assert convolve_back(np.ones((0, 4, 2, 2)), np.ones((4, 2, 2, 2)), (3, 3), sliding, 1).shape == (0, 2, 3, 3)
        dW = correlate(np.ones((0, 2, 3, 3)), np.ones((0, 4, 2, 2)), sliding, 1)
        np.testing.assert_array_equal(channel_sums(np.ones((0, 4, 2, 2))), np.zeros(4))
    np.testing.assert_array_equal(dW, np.zeros((4, 2, 2, 2)))


@pytest.mark.parametrize("choice", ["auto", "compiled"])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("layer", [Conv2D, ConvTranspose2D])
def test_what_the_engine_gives_lies_channels_last(layer: type[Layer], groups: int, choice: str) -> None:
    one = layer(4, 4, 3, padding=1, groups=groups)
    with faster.use(choice):
        y = one.forward(np.ones((2, 4, 4, 4), np.float32))
        dx = one.backward(np.ones(y.shape, np.float32))  # in C order
    assert is_channels_last(y)
    assert is_channels_last(dx)


@pytest.mark.parametrize("choice", ["auto", "compiled"])
def test_sequences_of_the_engine_lie_in_c_order(choice: str) -> None:
    with faster.use(choice):
        for layer in (Conv1D(4, 6, 3, 2, 1, 2, 2), Conv1D(4, 4, 4, groups=4), ConvTranspose1D(4, 6, 3, 3)):
            assert layer.forward(np.ones((2, 9, 4), np.float32)).flags.c_contiguous


@pytest.mark.parametrize("choice", ["auto", "compiled"])
def test_gradients_of_another_shape_are_left_to_the_lesson(choice: str) -> None:
    x, W, sliding = np.ones((2, 4, 9, 9), np.float32), np.ones((8, 4, 3, 3), np.float32), Sliding((3, 3))
    with faster.use(choice):
        for shape in ((2, 8, 8, 7), (2, 8, 7, 8), (2, 7, 7, 7), (2, 8, 7)):
            dy = np.ones(shape, np.float32)
            assert convolution.convolve_back(dy, W, (9, 9), sliding, 1) is NotImplemented
            if shape[1] == 8:
                assert convolution.correlate(x, dy, sliding, 1) is NotImplemented
        assert convolution.correlate(x, np.ones((3, 8, 7, 7), np.float32), sliding, 1) is NotImplemented
        assert convolution.correlate(x, np.ones((2, 7, 7, 7), np.float32), sliding, 2) is NotImplemented
        assert convolution.convolve(x[:, :3], W, None, sliding, 1) is NotImplemented
        assert convolution.convolve(x.astype(np.float64), W, None, sliding, 1) is NotImplemented
        assert convolution.channel_sums(x[0]) is NotImplemented


ADD_UP = [
    (Conv2D(4, 6, 3, stride=2, groups=2), (3, 4, 7, 6)),
    (ConvTranspose2D(4, 6, 3, stride=2, output_padding=1), (3, 4, 3, 5)),
    (Conv1D(4, 6, 3, padding="same"), (3, 9, 4)),
    (ConvTranspose1D(4, 6, 3, stride=2, bias=False), (3, 9, 4)),
]


@pytest.mark.parametrize(("layer", "shape"), ADD_UP, ids=[type(layer).__name__ for layer, _ in ADD_UP])
def test_weights_only(layer: Layer, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, gradients = rng.normal(size=shape).astype(np.float32), []
    dy = rng.normal(size=layer.forward(x).shape).astype(np.float32)
    for back in (layer.backward, lambda dy: engine.pairs.adds_up_alone(layer, dy)):
        layer.zero_gradient()
        layer.forward(x)
        assert back(dy) is not False
        gradients.append([parameter.gradient.copy() for parameter in layer.parameters().values()])
    for ours, theirs in zip(*gradients, strict=True):
        assert np.abs(theirs).max() > 0
        np.testing.assert_array_equal(ours, theirs)


WIDE = Configuration(9, 16, 32, (9, 14), (3, 3), (1, 1), ((1, 0), (1, 2)), (1, 1), 1, 0)


def float32(c: Configuration) -> list[np.ndarray]:
    return sums(c, *[array.astype(np.float32) for array in c.arrays()])


@pytest.mark.needs_compiler
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
        with engine.exact():
            plain = float32(c)
    for one, other, true in zip(fast, plain, results(c, "plain"), strict=True):
        scale = np.abs(true).max()
        assert one.shape == other.shape == true.shape
        assert one.dtype == other.dtype == np.float32
        assert np.abs(one - true).max() < 1e-5 * scale
        assert np.abs(other - true).max() < 1e-6 * scale


@settings(deadline=None, max_examples=30)
@given(convolutions(), st.integers(1, 9), st.integers(1, 36))
def test_float32_is_near_the_true_sum(c: Configuration, channels: int, outputs: int) -> None:
    c = replace(c, channels=channels, outputs=outputs, groups=1)  # blocks of sixteen outputs, whole and in part
    for exact in (False, True):
        with faster.use("compiled"), engine.exact(exact):
            got = float32(c)
        for one, true in zip(got, results(c, "plain"), strict=True):
            assert one.shape == true.shape
            assert one.dtype == np.float32
            np.testing.assert_allclose(one, true, rtol=0, atol=2e-6 * max(np.abs(true).max(), 1))


@pytest.mark.parametrize("way", ["forward", "back"])
def test_a_nan_reaches_no_pixel_that_does_not_see_it_if_sums_are_exact(way: str) -> None:
    x, sliding = np.zeros((1, 5, 6, 8), np.float32), Sliding((3, 3), padding=((1, 1), (1, 1)))
    x[0, 0, 2, 3] = np.nan
    W = np.ones((5, 5, 3, 3), np.float32)
    with faster.use("compiled"), engine.exact():
        y = convolve(x, W, None, sliding, 1) if way == "forward" else convolve_back(x, W, (6, 8), sliding, 1)
    expected = np.zeros((1, 5, 6, 8), bool)
    expected[:, :, 1:4, 2:5] = True
    np.testing.assert_array_equal(np.isnan(y), expected)


def test_winograd_serves_unless_exact() -> None:
    pytest.importorskip("numba")

    def way(channels: int = 32, dtype: type = np.float32, **changed: object) -> str:
        sliding = Sliding(**{"kernel_size": (3, 3)} | changed)
        return convolution.route(
            "convolve", (20, 20), (32, channels, *sliding.kernel_size), sliding, 1, np.dtype(dtype)
        )

    assert way() == "winograd"
    assert way(dtype=np.float64) == "rows"
    assert way(stride=(2, 1)) == way(dilation=(1, 2)) == way(kernel_size=(3, 2)) == "direct"
    assert way(channels=24) == "direct"  # the channels are not in sixteens
    with engine.exact():
        assert way() == "direct"
        with engine.exact(False):
            assert way() == "winograd"
    assert not engine.is_exact()


def test_routes() -> None:
    pytest.importorskip("numba")
    one, three, float32 = Sliding((1, 1)), Sliding((3, 3)), np.dtype(np.float32)
    for what in ("convolve", "convolve_back", "correlate"):
        assert convolution.route(what, (28, 28), (20, 8, 1, 1), one, 1, float32) == "pointwise"
        assert convolution.route(what, (28, 28), (20, 1, 3, 3), three, 20, float32) == "depthwise"
        assert convolution.route(what, (28, 28), (40, 1, 3, 3), three, 20, float32) == "gathered"
        assert convolution.route(what, (28, 28), (20, 4, 3, 3), three, 5, float32) == "gathered"
        assert convolution.route(what, (8, 8), (4, 4, 3, 3), three, 1, float32) == "gathered"  # too small
        with faster.use("compiled"):
            assert convolution.route(what, (8, 8), (16, 20, 3, 3), three, 1, float32) == "direct"
    assert convolution.route("convolve_back", (28, 28), (16, 5, 3, 3), three, 1, float32) == "col2im"
    assert convolution.route("correlate", (28, 28), (16, 5, 3, 3), three, 1, float32) == "direct"


@pytest.mark.needs_compiler
def test_the_number_of_threads_changes_no_bit() -> None:
    configurations = (
        WIDE,
        replace(WIDE, stride=(2, 1)),
        replace(WIDE, outputs=5),
        replace(WIDE, channels=24, outputs=24, groups=24),
    )
    with faster.use("compiled"):
        with tn.threads(3):
            many = [float32(c) for c in configurations]
        with tn.threads(1):
            one = [float32(c) for c in configurations]
    for all_many, all_one in zip(many, one, strict=True):
        for array, other in zip(all_many, all_one, strict=True):
            np.testing.assert_array_equal(array, other)


def test_compiled_code_holds_the_blas_at_one_thread_only_while_it_runs() -> None:
    products = pytest.importorskip("tinynet.engine.machine.gemm.inside")
    before = [library.num_threads for library in products._blas()]
    during = products.single_threaded(lambda: {library.num_threads for library in products._blas()})()
    assert during == {1}
    assert [library.num_threads for library in products._blas()] == before
