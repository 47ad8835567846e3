"""Every fused pair gives the bits of the two layers one after the other."""

from typing import Any

import numpy as np
import pytest
from tinynet.net.fusion import fused

from tests.engine.strategies import layouts
from tinynet.core import faster
from tinynet.layers import GRU, LSTM, RNN, BatchNorm1D, BatchNorm2D, Conv2D, Embedding, Layer, MaxPool2D, ReLU
from tinynet.layers.fused import Fused
from tinynet.net import Net, Residual


def convolution(channels: int) -> Conv2D:
    return Conv2D(3, channels, 3, padding=1, rng=np.random.default_rng(channels))


PAIRS = {
    "BatchNorm2D": lambda: [BatchNorm2D(3)],
    "BatchNorm2D without parameters": lambda: [BatchNorm2D(3, affine=False)],
    "BatchNorm2D of the batch always": lambda: [BatchNorm2D(3, track_running_stats=False)],
    "BatchNorm1D": lambda: [BatchNorm1D(6)],
    "Residual": lambda: [Residual([convolution(3), BatchNorm2D(3)])],
    "Residual with shortcut": lambda: [Residual([convolution(4), BatchNorm2D(4)], shortcut=[convolution(4)])],
    "Residual around nothing": lambda: [Residual([])],
    "Pooling": lambda: [ReLU(), MaxPool2D(2)],
    "Pooling that overlaps": lambda: [ReLU(), MaxPool2D(3, stride=1, padding=1)],
    "Residual in a row": lambda: [Residual([BatchNorm2D(3), ReLU(), Residual([convolution(3)]), ReLU()])],
}


def net(pair: str) -> Net:
    layers = PAIRS[pair]()
    return Net(layers if len(layers) == 2 else [*layers, ReLU()])


def gone_through(net: Net, forward, backward, x: np.ndarray) -> list[np.ndarray]:
    y = forward(x)
    dy = np.random.default_rng(5).normal(size=y.shape).astype(y.dtype)
    dx = backward(dy)
    gradients = [parameter.gradient for parameter in net.parameters().values()]
    return [y, dx, *gradients, *net.state().values()]


def one_by_one(layers: tuple[Layer, ...], x: np.ndarray) -> np.ndarray:
    for layer in layers:
        x = layer.forward(x)
    return x


def back(layers: tuple[Layer, ...], dy: np.ndarray) -> np.ndarray:
    for layer in reversed(layers):
        dy = layer.backward(dy)
    return dy


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("body", ["vectorized", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("training", [True, False])
def test_bit_for_bit(pair: str, body: str, dtype: type, training: bool) -> None:
    plain, quick = (net(pair).astype(dtype) for _ in range(2))
    for one in (plain, quick):
        one.train() if training else one.eval()
        for path, parameter in one.parameters().items():
            rng = np.random.default_rng(len(path))
            parameter.tensor = rng.normal(size=parameter.shape)
    assert isinstance(fused(quick.layers)[0][1], Fused)
    assert len(fused(quick.layers)) == 1
    x = np.random.default_rng(0).normal(size=(4, 6) if "1D" in pair else (4, 3, 5, 6)).astype(dtype)
    with faster.use(body):
        for name, view in {"": x, **(layouts(x) if x.ndim == 4 else {})}.items():
            before = view.copy()
            true = gone_through(plain, lambda x: one_by_one(plain.layers, x), lambda dy: back(plain.layers, dy), view)
            found = gone_through(quick, quick.forward, quick.backward, view)
            for one, other in zip(found, true, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=name)
            np.testing.assert_array_equal(view, before)


@pytest.mark.parametrize("pair", PAIRS)
def test_each_remembers_what_it_would_alone(pair: str) -> None:
    plain, quick = net(pair), net(pair)
    quick.load_state(plain.state())
    x = np.random.default_rng(0).normal(size=(4, 6) if "1D" in pair else (4, 3, 5, 6)).astype(np.float32)
    y, dy = one_by_one(plain.layers, x), np.ones_like(quick.forward(x))
    np.testing.assert_array_equal(back(quick.layers, dy), back(plain.layers, np.ones_like(y)))


def test_a_relu_of_another_kind_is_let_alone() -> None:
    class Capped(ReLU):
        def forward(self, x):
            return np.minimum(super().forward(x), 1)

    class Pool(MaxPool2D):
        pass

    for pair in ("BatchNorm2D", "BatchNorm1D", "Residual"):
        assert len(fused([*PAIRS[pair](), Capped()])) == 2
    for pool in (Pool(2), MaxPool2D(2, return_switches=True)):
        assert len(fused([ReLU(), pool])) == 2
    assert len(fused([Capped(), MaxPool2D(2)])) == 2


def test_errors_name_the_one_at_fault() -> None:
    x = np.ones((2, 4, 5, 6), np.float32)
    with pytest.raises(ValueError, match=r"layer 0: BatchNorm2D\(num_features=3\): expected x of shape"):
        Net([BatchNorm2D(3), ReLU()]).forward(x)
    with pytest.raises(ValueError, match=r"layer 0\.body\.1: BatchNorm2D\(num_features=3\): expected x of shape"):
        Net([Residual([ReLU(), BatchNorm2D(3), ReLU()]), ReLU()]).forward(x)
    with pytest.raises(ValueError, match="layer 0: Residual: the body gives shape"):
        Net([Residual([Conv2D(4, 3, 1)]), ReLU()]).forward(x)
    pooled = Net([Conv2D(4, 2, 3), ReLU(), MaxPool2D(9)])
    with pytest.raises(ValueError, match=r"layer 2: MaxPool2D(.|\n)*What came is the output of layer 1: ReLU\(\)"):
        pooled.forward(x)
    with pytest.raises(TypeError, match=r"layer 0: ReLU\(\): "):
        Net([ReLU(), MaxPool2D(2)]).forward(x.astype(int))


def test_nan_and_negative_numbers_before_a_pooling() -> None:
    x = np.full((1, 1, 4, 4), -1, np.float32)
    x[0, 0, 0, 0], x[0, 0, 2, 3], x[0, 0, 3, 0] = np.nan, 5, 0
    plain, quick = net("Pooling"), net("Pooling")
    y = one_by_one(plain.layers, x)
    np.testing.assert_array_equal(quick.forward(x), y)
    np.testing.assert_array_equal(y[0, 0], [[np.nan, 0], [0, 5]])
    dy = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 2, 2)
    np.testing.assert_array_equal(quick.backward(dy), back(plain.layers, dy))


def reader(kind: type, **more: Any) -> Net:
    """Large enough that a product is worth to be done once for each token and not for each place."""
    rng = np.random.default_rng(1)
    return Net([Embedding(9, 40, rng=rng), kind(40, 48, rng=rng, **more)])


READERS: dict[str, dict[str, Any]] = {
    "plain": {}, "deep": {"num_layers": 2}, "both ways": {"bidirectional": True}, "without bias": {"bias": False},
}  # fmt: skip


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize("case", READERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_reader_of_tokens_bit_for_bit(kind: type, case: str, dtype: type) -> None:
    tokens = np.random.default_rng(0).integers(0, 9, (20, 60))
    results = []
    for one in (reader(kind, **READERS[case]).astype(dtype) for _ in range(2)):
        assert isinstance(fused(one.layers)[0][1], Fused)
        forward, backward = one.forward, one.backward
        if results:
            forward, backward = lambda x, one=one: one_by_one(one.layers, x), lambda dy, one=one: back(one.layers, dy)
        y = forward(tokens)
        assert backward(np.random.default_rng(5).normal(size=y.shape).astype(dtype)) is None
        results.append([y, *[parameter.gradient for parameter in one.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


def test_a_reader_of_tokens_multiplies_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    multiplied = []
    from tinynet.layers import recurrent

    def alike(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None) -> np.ndarray | None:
        multiplied.append((A.shape, count))
        return product_alike(A, count, B, b)

    product_alike = recurrent.product_alike
    monkeypatch.setattr(recurrent, "product_alike", alike)
    monkeypatch.setattr(recurrent, "product", lambda *_: pytest.fail("each place was multiplied"))
    with faster.use("compiled"):
        reader(LSTM).forward(np.zeros((20, 60), int))
    assert multiplied == [((9, 40), 1200)]


def test_a_reader_gives_its_last_state_and_takes_its_gradient() -> None:
    tokens, results = np.random.default_rng(0).integers(0, 9, (20, 60)), []
    for watched in (False, True):
        one = reader(GRU, return_state=True)
        y, h = one_by_one(one.layers, tokens) if watched else one.forward(tokens)
        gradients = np.ones_like(y), np.full_like(h, 3)
        one.layers[0].backward(one.layers[1].backward(*gradients)) if watched else one.backward(*gradients)
        results.append([y, h, *[parameter.gradient for parameter in one.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


def test_errors_of_a_reader_name_the_one_at_fault() -> None:
    with pytest.raises(ValueError, match=r"layer 0: Embedding(.|\n)*token"):
        reader(LSTM).forward(np.array([[9]]))
    with pytest.raises(ValueError, match=r"layer 1: LSTM(.|\n)*output of layer 0: Embedding"):
        reader(LSTM).forward(np.array([1, 2]))
    wrong = Net([Embedding(9, 3), RNN(4, 5)])
    with pytest.raises(ValueError, match=r"layer 1: RNN(.|\n)*output of layer 0: Embedding"):
        wrong.forward(np.array([[1, 2]]))
