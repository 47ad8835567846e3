"""ResNet-20, MobileNet and U-Net: sizes, structure, gradients, and that they learn."""

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.gradcheck import check_net
from tinynet.layers import BatchNorm2D, Conv2D
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.models import he_convolutions, mobilenet, resnet20, unet
from tinynet.net import Net
from tinynet.optimizers import Adam

SMALL = {
    "resnet20": lambda: resnet20((1, 8, 8), n_classes=3),
    "mobilenet": lambda: mobilenet((1, 8, 8), n_classes=3, width=4),
    "unet": lambda: unet(n_classes=3, width=4),
}


def n_parameters(net):
    return sum(parameter.size for parameter in net.parameters().values())


def convolutions(net):
    return [layer for _, layer in net.layers_inside() if isinstance(layer, Conv2D)]


def test_resnet20_has_the_size_of_the_paper():
    net = resnet20()
    assert n_parameters(net) == 272_474  # 0.27 million, table 6; with shortcuts of option B
    kernels = [int(np.max(layer.kernel_size)) for layer in convolutions(net)]
    assert kernels.count(3) == 19  # the twentieth layer is the linear one
    assert kernels.count(1) == 2


def test_resnet20_halves_the_picture_twice():
    shapes = []

    class Shapes:
        def on_forward(self, path, layer, x, y):
            if path.count(".") == 0 and path:
                shapes.append(y.shape[1:])

    net = resnet20()
    with net.watch(Shapes()):
        net.forward(np.zeros((2, 3, 32, 32), np.float32))
    assert list(dict.fromkeys(shapes)) == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (64,), (10,)]


def test_mobilenet_is_depthwise_separable():
    inside = convolutions(mobilenet(width=8))
    depthwise, pointwise = inside[1::2], inside[2::2]
    channels = [8, 16, 32, 32, 64, 64, 128]
    assert [layer.weight.shape for layer in depthwise] == [(n, 1, 3, 3) for n in channels]  # one channel of x for each
    assert [layer.weight.shape for layer in pointwise] == [
        (after, before, 1, 1) for before, after in zip(channels, [*channels[1:], 128], strict=True)
    ]


def test_unet_gives_every_pixel_its_classes():
    net = unet(in_channels=3, n_classes=4, width=4, depth=3)
    assert net.predict(np.zeros((2, 3, 16, 40), np.float32)).shape == (2, 4, 16, 40)


def test_unet_sees_far_through_its_lowest_level():
    def reach(depth):
        tn.seed(0)
        net = unet(width=4, depth=depth).eval()
        x = np.zeros((2, 1, 32, 32), np.float32)
        x[1, 0, 16, 16] = 1
        y = net.forward(x)
        return len(np.unique(np.nonzero(abs(y[1] - y[0]).max(axis=0))[0]))

    assert reach(0) == 5  # two convolutions of 3×3
    assert reach(2) > 24


def test_unet_of_depth_0_is_a_plain_stack():
    assert n_parameters(unet(width=4, depth=0)) == 9 * 4 + 8 + 9 * 16 + 8 + 4 * 2 + 2


def test_gradients_through_nested_levels():
    tn.seed(0)
    check_net(unet(width=2, depth=1), (3, 1, 6, 6), max_entries=4, tolerance=1e-4)  # among many ReLUs a kink is near


@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_gets_a_gradient(name):
    net = SMALL[name]()
    y = net.forward(np.random.default_rng(0).random((4, 1, 8, 8), np.float32))
    net.backward(np.random.default_rng(1).normal(size=y.shape).astype(np.float32))
    assert [path for path, parameter in net.parameters().items() if not parameter.gradient.any()] == []


@pytest.mark.parametrize("name", ["resnet20", "mobilenet"])
def test_it_learns_to_tell_pictures_apart(name):
    tn.seed(0)
    y = np.arange(60) % 3
    x = np.random.default_rng(0).normal(size=(60, 1, 8, 8)).astype(np.float32)
    x[:, 0, 2] += 2 * (y == 1)[:, np.newaxis]
    x[:, 0, :, 2] += 2 * (y == 2)[:, np.newaxis]
    learner = Learner(SMALL[name](), cross_entropy, Adam(0.01), Dataset(x, y), batch_size=20)
    history = learner.fit(8, progress=False)
    assert history["loss"][-1] < 0.3 < 0.9 < history["loss"][0]


def test_unet_learns_where_it_is_bright():
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(32, 1, 16, 16)).astype(np.float32)
    data = Dataset(x, (x[:, 0] > 0.5).astype(np.int64))
    learner = Learner(unet(width=4), partial(cross_entropy, axis=1), Adam(0.01), data, batch_size=8)
    history = learner.fit(10, progress=False)
    assert history["loss"][-1] < 0.35 < history["loss"][0]


@pytest.mark.parametrize("name", SMALL)
def test_it_is_saved_and_loaded(name, tmp_path):
    net = SMALL[name]()
    x = np.random.default_rng(0).random((4, 1, 8, 8), np.float32)
    net.forward(x)  # moves the running statistics
    tn.save(net, tmp_path / "net.safetensors")
    np.testing.assert_array_equal(tn.load(tmp_path / "net.safetensors").predict(x), net.predict(x))


def test_he_convolutions_reaches_the_whole_tree_and_nothing_else():
    tn.seed(0)
    inner = Net([Conv2D(100, 100, 3, bias=False), BatchNorm2D(100)])
    net = he_convolutions(Net([inner, Conv2D(100, 50, 1)]))
    assert abs(inner[0].weight.tensor.std() - (2 / 900) ** 0.5) < 0.001
    assert abs(net[1].weight.tensor.std() - (2 / 100) ** 0.5) < 0.01
    assert inner[1].weight.tensor.tolist() == [1] * 100


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: resnet20((3, 2, 2)), "resnet20: pictures must be at least 4 × 4"),
        (lambda: resnet20(n_classes=1), "n_classes must be at least 2"),
        (lambda: mobilenet((3, 4, 4)), "mobilenet: pictures must be at least 8 × 8"),
        (lambda: mobilenet(width=0), "mobilenet: width must be at least 1"),
        (lambda: unet(n_classes=1), "unet: n_classes must be at least 2"),
        (lambda: unet(depth=-1), "unet: depth must be at least 0"),
    ],
)
def test_what_cannot_be_built_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
