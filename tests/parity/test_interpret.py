"""Methods of interpretation against PyTorch, whose computation is written out here, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import probe
from tinynet.layers import BatchNorm2D, Conv2D, Flatten, GlobalAvgPool2D, Linear, MaxPool2D, ReLU, Softmax
from tinynet.net import Net, Residual

torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")
F = torch.nn.functional

CLOSE = {"rtol": 1e-6, "atol": 1e-12}


@pytest.fixture(params=["stack", "residual"])
def both(request):
    """A net of ours with a softmax at its end, the same in PyTorch without it, and inputs."""
    rng = np.random.default_rng(3)
    if request.param == "stack":
        layers = [Conv2D(2, 4, 3, padding=1), ReLU(), MaxPool2D(2), Conv2D(4, 6, 3), ReLU(), MaxPool2D(2), Flatten()]
        net = Net([*layers, Linear(6, 5), ReLU(), Linear(5, 3), Softmax()])
        modules = [torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
        modules += [torch.nn.Conv2d(4, 6, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten()]
        modules += [torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)]
        module, last_maps = torch.nn.Sequential(*modules), "4"
    else:
        body = [Conv2D(4, 4, 3, padding=1, bias=False), BatchNorm2D(4), ReLU(), Conv2D(4, 4, 3, padding=1)]
        net = Net([Conv2D(2, 4, 3), ReLU(), Residual(body), ReLU(), GlobalAvgPool2D(), Linear(4, 3), Softmax()])
        module, last_maps = Block(), "3"
    net.astype(np.float64)
    state = {name: rng.normal(size=array.shape) * 0.5 for name, array in net.state().items()}
    state = {name: np.abs(array) + 0.5 if "running_var" in name else array for name, array in state.items()}
    net.load_state(state)
    module.double().eval()
    wanted = [name for name in module.state_dict() if "num_batches" not in name]
    weights = {name: torch.from_numpy(array) for name, array in zip(wanted, ordered(net, wanted), strict=True)}
    module.load_state_dict(weights, strict=False)
    x = rng.normal(size=(4, 2, 8, 8))
    np.testing.assert_allclose(np.log(net.predict(x)), F.log_softmax(module(torch.from_numpy(x)), 1).detach(), **CLOSE)
    return net, module, x, last_maps


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.relu = torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU()
        body = [torch.nn.Conv2d(4, 4, 3, padding=1, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU()]
        self.body = torch.nn.Sequential(*body, torch.nn.Conv2d(4, 4, 3, padding=1))
        self.last, self.head = torch.nn.ReLU(), torch.nn.Linear(4, 3)

    def forward(self, x):
        h = self.relu(self.stem(x))
        self.maps = self.last(h + self.body(h))
        return self.head(self.maps.mean(dim=(2, 3)))


def ordered(net, wanted):
    """Our arrays in the order of PyTorch's names: both go through the layers in the same order."""
    state = net.state()
    ours = sorted({name.rpartition(".")[0] for name in state}, key=place)
    theirs = list(dict.fromkeys(name.rpartition(".")[0] for name in wanted))
    path_of = dict(zip(theirs, ours, strict=True))
    return [state[f"{path_of[layer]}.{name}"] for layer, _, name in (name.rpartition(".") for name in wanted)]


def place(path):
    return [int(part) for part in path.split(".") if part.isdecimal()]


def scores(module, x, target=None):
    """The score of the target of each sample, before the softmax, and the targets."""
    outputs = module(x)
    target = outputs.argmax(1) if target is None else torch.from_numpy(target)
    return outputs[torch.arange(len(x)), target].sum(), target


@pytest.mark.parametrize("target", [None, np.array([2, 0, 1, 1])])
def test_saliency(both, target):
    net, module, x, _ = both
    x_torch = torch.from_numpy(x).requires_grad_()
    score, classes = scores(module, x_torch, target)
    score.backward()
    found = probe.saliency(net, x, target)
    np.testing.assert_array_equal(found.target, classes)
    np.testing.assert_allclose(found.values, x_torch.grad, **CLOSE)
    np.testing.assert_allclose(found.strength(), x_torch.grad.abs().amax(1), **CLOSE)


def test_guided_backpropagation(both):
    net, module, x, _ = both
    relus = [part for part in module.modules() if isinstance(part, torch.nn.ReLU)]
    hooks = [part.register_full_backward_hook(lambda _, dx, __: (dx[0].clamp(min=0),)) for part in relus]
    x_torch = torch.from_numpy(x).requires_grad_()
    scores(module, x_torch)[0].backward()
    for hook in hooks:
        hook.remove()
    found = probe.guided_backpropagation(net, x).values
    np.testing.assert_allclose(found, x_torch.grad, **CLOSE)
    assert abs(found - probe.saliency(net, x).values).max() > 1e-3


def test_grad_cam(both):
    net, module, x, last_maps = both
    outputs = {}
    layer = module[4] if isinstance(module, torch.nn.Sequential) else module.last
    hook = layer.register_forward_hook(lambda _, __, y: outputs.update(A=y))
    score, _ = scores(module, torch.from_numpy(x))
    hook.remove()
    A = outputs["A"]
    (dA,) = torch.autograd.grad(score, A)
    weights = dA.mean(dim=(2, 3))
    raw = (weights[:, :, None, None] * A).sum(1)
    enlarged = F.interpolate(raw.clamp(min=0)[:, None], size=(8, 8), mode="bilinear", align_corners=False)
    found = probe.grad_cam(net, x)
    assert found.layer == last_maps
    np.testing.assert_allclose(found.weights, weights, **CLOSE)
    np.testing.assert_allclose(found.raw, raw.detach(), **CLOSE)
    np.testing.assert_allclose(found.values, enlarged.detach(), **CLOSE)


def test_integrated_gradients(both):
    net, module, x, _ = both
    baseline, steps = 0.1, 20
    total = torch.zeros(x.shape, dtype=torch.float64)
    target = scores(module, torch.from_numpy(x))[1].numpy()
    for k in range(steps):
        point = torch.from_numpy(baseline + (k + 0.5) / steps * (x - baseline)).requires_grad_()
        total += torch.autograd.grad(scores(module, point, target)[0], point)[0]
    found = probe.integrated_gradients(net, x, baseline=baseline, steps=steps)
    np.testing.assert_allclose(found.values, (x - baseline) * (total / steps).numpy(), **CLOSE)


def test_smooth_grad(both):
    net, module, x, _ = both
    target = scores(module, torch.from_numpy(x))[1].numpy()
    rng, total = np.random.default_rng(8), 0
    sigma = 0.2 * (x.max(axis=(1, 2, 3)) - x.min(axis=(1, 2, 3))).reshape(-1, 1, 1, 1)
    for _ in range(7):
        noisy = torch.from_numpy(x + sigma * rng.standard_normal(x.shape[1:])).requires_grad_()
        total += torch.autograd.grad(scores(module, noisy, target)[0], noisy)[0].numpy()
    found = probe.smooth_grad(net, x, noise=0.2, n_samples=7, rng=np.random.default_rng(8))
    np.testing.assert_allclose(found.values, total / 7, **CLOSE)


@pytest.mark.parametrize("both", ["stack"], indirect=True)
def test_deconvnet_with_unpooling_and_transposed_convolutions(both):
    net, module, x, _ = both
    with torch.no_grad():
        first = F.relu(module[0](torch.from_numpy(x)))
        pooled, places = F.max_pool2d(first, 2, return_indices=True)
        second = F.relu(module[3](pooled))
        channel = second.amax(dim=(2, 3)).argmax(1)
        kept = torch.zeros_like(second)
        for n, c in enumerate(channel):
            strongest = divmod(int(second[n, c].argmax()), second.shape[3])
            kept[(n, c, *strongest)] = second[(n, c, *strongest)]
        down = F.conv_transpose2d(F.relu(kept), module[3].weight)
        down = F.relu(F.max_unpool2d(down, places, 2))
        down = F.conv_transpose2d(down, module[0].weight, padding=1)
    found = probe.deconvnet(net, x)
    assert found.layer == "4"
    np.testing.assert_array_equal(found.channel, channel)
    np.testing.assert_allclose(found.values, down, **CLOSE)


def test_occlusion(both):
    net, module, x, _ = both
    with torch.no_grad():
        outputs = module(torch.from_numpy(x))
        target = outputs.argmax(1)
        total, count = np.zeros((4, 1, 8, 8)), np.zeros((8, 8))
        for row in (0, 2, 4, 6):
            for column in (0, 2, 4, 6):
                covered = x.copy()
                covered[:, :, row : row + 2, column : column + 2] = 0.5
                lost = (outputs - module(torch.from_numpy(covered)))[torch.arange(4), target].numpy()
                total[:, :, row : row + 2, column : column + 2] += lost.reshape(4, 1, 1, 1)
                count[row : row + 2, column : column + 2] += 1
    found = probe.occlusion(net, x, size=2, stride=2, fill=0.5)
    np.testing.assert_allclose(found.values, total / count, **CLOSE)
