"""The workloads of the comparison in PyTorch, as its users write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.body(x) + self.shortcut(x))


class Block(nn.Module):
    """A pre-norm transformer block with rotary positions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.into = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, width = x.shape
        parts = self.into(self.norm1(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        read = functional.scaled_dot_product_attention(turn(parts[0]), turn(parts[1]), parts[2], is_causal=True)
        x = x + self.out(read.transpose(1, 2).reshape(n, t, width))
        return x + self.mlp(self.norm2(x))


TURNS: dict[tuple[int, int], torch.Tensor] = {}


def turn(x: torch.Tensor) -> torch.Tensor:
    t, d = x.shape[-2:]
    if (t, d) not in TURNS:
        angles = torch.arange(t)[:, None] * 10000.0 ** (-torch.arange(0, d, 2) / d)
        TURNS[t, d] = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * TURNS[t, d]).flatten(-2)


class LSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(65, 256), nn.LSTM(256, 256, batch_first=True)
        self.head = nn.Linear(256, 65)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(self.embedding(x))[0])


def conv(channels: int, outputs: int, stride: int = 1, size: int = 3, groups: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(channels, outputs, size, stride, size // 2, groups=groups, bias=False)
    return [layer, nn.BatchNorm2d(outputs)]


def mlp() -> nn.Module:
    layers = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(nn.Flatten(), *layers)


def lenet() -> nn.Module:
    body = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
    head = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*body, nn.Flatten(), *head)


def mnist_cnn() -> nn.Module:
    body = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    head = [nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    return nn.Sequential(*body, nn.Flatten(), *head)


def resnet20() -> nn.Module:
    layers, channels = [*conv(3, 16), nn.ReLU()], 16
    for width in (16, 32, 64):
        for index in range(3):
            stride = 2 if index == 0 and width > 16 else 1
            body = nn.Sequential(*conv(channels, width, stride), nn.ReLU(), *conv(width, width))
            shortcut = nn.Identity() if stride == 1 else nn.Sequential(*conv(channels, width, stride, 1))
            layers.append(Residual(body, shortcut))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def vgg() -> nn.Module:
    layers: list[nn.Module] = []
    for channels, width, pool in ((3, 64, True), (64, 128, True), (128, 256, False), (256, 256, True)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pool else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(), nn.Linear(256, 10))


def gpt() -> nn.Module:
    return nn.Sequential(
        nn.Embedding(65, 128), *[Block(128, 4) for _ in range(4)], nn.LayerNorm(128), nn.Linear(128, 65)
    )


def mobilenet() -> nn.Module:
    layers, channels = [*conv(3, 32), nn.ReLU()], 32
    for factor, stride in ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), (16, 1)):
        layers += [*conv(channels, channels, stride, groups=channels), nn.ReLU()]
        layers += [*conv(channels, 32 * factor, size=1), nn.ReLU()]
        channels = 32 * factor
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def stack(width: int, depth: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


NETS = {
    "mlp": mlp, "lenet": lenet, "mnist_cnn": mnist_cnn, "resnet20": resnet20, "vgg": vgg, "gpt": gpt, "lstm": LSTM,
    "mobilenet": mobilenet,
}  # fmt: skip


def build(workload: str) -> nn.Module:
    """The net of a workload, with the sizes in the name of a stack."""
    if workload.startswith("stack-"):
        return stack(*map(int, workload.removeprefix("stack-").split("x")))
    return NETS[workload]()


class Side:
    """One network in training, from the weights that the other side wrote, in the same order."""

    name = "torch"

    def __init__(self, workload: str, optimizer: str, weights: str, threads: int, body: str) -> None:
        torch.manual_seed(0)
        torch.set_num_threads(threads)
        self.net = build(workload)
        parameters = list(self.net.parameters())
        arrays = np.load(weights)
        with torch.no_grad():
            for parameter, name in zip(parameters, arrays.files, strict=True):
                assert parameter.shape == arrays[name].shape, (parameter.shape, arrays[name].shape)
                parameter.copy_(torch.from_numpy(arrays[name]))
        kinds = {"sgd": lambda: torch.optim.SGD(parameters, lr=0.01, momentum=0.9)}
        self.optimizer = kinds.get(optimizer, lambda: torch.optim.Adam(parameters, lr=0.001))()

    def step(self, x: np.ndarray, labels: np.ndarray) -> float:
        self.optimizer.zero_grad()
        y = self.net(torch.from_numpy(x))
        loss = functional.cross_entropy(y.flatten(0, -2), torch.from_numpy(labels).flatten())
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @contextmanager
    def inference(self) -> Iterator[None]:
        self.net.eval()
        with torch.inference_mode():
            yield
        self.net.train()

    def infer(self, x: np.ndarray) -> None:
        self.net(torch.from_numpy(x))

    def without_dropout(self) -> None:
        for module in self.net.modules():
            if isinstance(module, nn.Dropout):
                module.eval()

    def with_dropout(self) -> None:
        self.net.train()

    def multiply_adds(self, x: np.ndarray) -> int:
        return 0
