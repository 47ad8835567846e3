"""Small models as people write them in PyTorch, to be exported and read again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """The basic block of a ResNet."""

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or width_in != width:
            self.downsample = nn.Sequential(nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """ResNet-18 with few channels."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(width, width), Block(width, width))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2), Block(2 * width, 2 * width))
        self.layer3 = nn.Sequential(Block(2 * width, 3 * width, 2), Block(3 * width, 3 * width))
        self.layer4 = nn.Sequential(Block(3 * width, 4 * width, 2), Block(4 * width, 4 * width))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(4 * width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def vgg11(width: int = 2) -> nn.Module:
    """VGG-11 with few channels."""
    layers: list[nn.Module] = []
    channels = 3
    for factor in (1, 0, 2, 0, 4, 4, 0, 4, 4, 0, 4, 4, 0):
        if factor == 0:
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, factor * width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = factor * width
    head = [nn.Linear(channels, 8), nn.ReLU(True), nn.Dropout(), nn.Linear(8, 8), nn.ReLU(True), nn.Linear(8, 3)]
    return nn.Sequential(nn.Sequential(*layers), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Sequential(*head))


class InvertedResidual(nn.Module):
    """The block of MobileNetV2."""

    def __init__(self, width_in: int, width: int, stride: int, factor: int = 2) -> None:
        super().__init__()
        hidden = factor * width_in
        self.adds = stride == 1 and width_in == width
        self.conv = nn.Sequential(
            nn.Conv2d(width_in, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNet(nn.Module):
    """Like MobileNetV2."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU6())
        blocks = [InvertedResidual(4, 4, 1), InvertedResidual(4, 6, 2), InvertedResidual(6, 6, 1)]
        self.features = nn.Sequential(first, *blocks)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(torch.flatten(x, 1))


def two_convolutions(channels_in: int, channels: int) -> nn.Module:
    """A level of a U-Net."""
    layers: list[nn.Module] = []
    for width in (channels_in, channels):
        layers += [nn.Conv2d(width, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """A U-Net that goes up by transposed convolutions, or by interpolation."""

    def __init__(self, interpolates: bool = False, width: int = 2) -> None:
        super().__init__()
        self.interpolates = interpolates
        self.down1, self.down2 = two_convolutions(1, width), two_convolutions(width, 2 * width)
        self.bottom, self.pool = two_convolutions(2 * width, 4 * width), nn.MaxPool2d(2)
        kind: Any = (lambda a, b: nn.Conv2d(a, b, 1)) if interpolates else (lambda a, b: nn.ConvTranspose2d(a, b, 2, 2))
        self.up2, self.up1 = kind(4 * width, 2 * width), kind(2 * width, width)
        self.level2, self.level1 = two_convolutions(4 * width, 2 * width), two_convolutions(2 * width, width)
        self.out = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(self.pool(a))
        y = self.level2(torch.cat([self.higher(self.bottom(self.pool(b)), self.up2), b], 1))
        y = self.level1(torch.cat([self.higher(y, self.up1), a], 1))
        return self.out(y)

    def higher(self, x: Tensor, layer: nn.Module) -> Tensor:
        if self.interpolates:
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return layer(x)


class Recurrent(nn.Module):
    """Tokens, a recurrent layer, and logits for every step."""

    def __init__(self, kind: Any, **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.rnn = kind(4, 3, batch_first=True, **options)
        self.head = nn.Linear(3 * (2 if options.get("bidirectional") else 1), 7)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.rnn(self.embedding(x))
        return self.head(y)


class LastState(nn.Module):
    """A recurrent layer of which only the last state is used."""

    def __init__(self, kind: Any, by_index: bool, **options: Any) -> None:
        super().__init__()
        self.by_index, self.rnn, self.head = by_index, kind(4, 3, batch_first=True, **options), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        y, h = self.rnn(x)
        h = h[0] if isinstance(h, tuple) else h
        return self.head(y[:, -1] if self.by_index else h[-1])


class CausalAttention(nn.Module):
    """Attention as nanoGPT writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        N, T, C = x.shape
        q, k, v = (part.view(N, T, self.heads, -1).transpose(1, 2) for part in self.qkv(x).split(C, dim=2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(N, T, C))


class GPTBlock(nn.Module):
    """A pre-norm block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1, self.attn, self.ln2 = nn.LayerNorm(width), CausalAttention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """A causal transformer with learned positions."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(7, 8), nn.Embedding(9, 8)
        self.blocks = nn.ModuleList([GPTBlock(8, 2), GPTBlock(8, 2)])
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 7, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        for block in self.blocks:
            y = block(y)
        return self.head(self.norm(y))


class Encoder(nn.Module):
    """PyTorch's own encoder, made causal."""

    def __init__(self, norm_first: bool) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, norm_first=norm_first)
        self.tokens, self.head = nn.Embedding(7, 8), nn.Linear(8, 7)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.encoder(self.tokens(x), mask=mask, is_causal=True))


class VisionTransformer(nn.Module):
    """Patches, a class token that is repeated for the batch, learned positions, and one block."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token, self.positions = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 5, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, activation="gelu")
        self.encoder, self.head = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.encoder(x)[:, 0])


def mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 6), nn.ReLU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))


def normed_mlp() -> nn.Module:
    first = [nn.Linear(4, 6), nn.BatchNorm1d(6), nn.GELU(), nn.Dropout(), nn.Linear(6, 6), nn.SiLU()]
    return nn.Sequential(*first, nn.LayerNorm(6), nn.Linear(6, 3), nn.LogSoftmax(-1))


def lenet() -> nn.Module:
    body = [nn.Conv2d(1, 3, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(3, 4, 5), nn.Tanh(), nn.AvgPool2d(2)]
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))


MODELS: dict[str, tuple[Any, tuple[int, ...] | str]] = {  # how to build it, and the shape of a sample or "tokens"
    "mlp": (mlp, (1, 3, 3)),
    "normed_mlp": (normed_mlp, (4,)),
    "lenet": (lenet, (1, 12, 12)),
    "vgg11": (vgg11, (3, 32, 32)),
    "resnet18": (ResNet18, (3, 32, 32)),
    "mobilenet": (MobileNet, (3, 12, 12)),
    "unet": (UNet, (1, 8, 8)),
    "unet_interpolating": (lambda: UNet(interpolates=True), (1, 8, 8)),
    "rnn": (lambda: Recurrent(nn.RNN), "tokens"),
    "lstm": (lambda: Recurrent(nn.LSTM), "tokens"),
    "lstm_deep": (lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), "tokens"),
    "lstm_last": (lambda: LastState(nn.LSTM, by_index=True), (5, 4)),
    "lstm_state": (lambda: LastState(nn.LSTM, by_index=False, num_layers=2), (5, 4)),
    "gru": (lambda: Recurrent(nn.GRU), "tokens"),
    "gru_deep": (lambda: Recurrent(nn.GRU, num_layers=2, bidirectional=True), "tokens"),
    "gru_state": (lambda: LastState(nn.GRU, by_index=False), (5, 4)),
    "gpt": (GPT, "tokens"),
    "encoder_pre_norm": (lambda: Encoder(norm_first=True), "tokens"),
    "encoder_post_norm": (lambda: Encoder(norm_first=False), "tokens"),
    "vit": (VisionTransformer, (3, 8, 8)),
}
