"""Good calls of everything public: what is called, and arguments with which it works.

`test_calls.py` spoils one argument at a time. A public name without a row makes a test fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinynet as tn
from tests.contract.table import LAYERS, LOSSES
from tinynet import (
    core,
    data,
    gradcheck,
    layers,
    learner,
    losses,
    metrics,
    models,
    net,
    optimizers,
    probe,
    storage,
)
from tinynet.core import initializers
from tinynet.data import Dataset
from tinynet.data.own.columns import Number
from tinynet.data.own.targets import Classes
from tinynet.layers import Conv2D, Flatten, Linear, ReLU
from tinynet.learner import EarlyStopping, History, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.models import noise
from tinynet.net import Net
from tinynet.optimizers import SGD

FOLDER = Path()  # the tests run in a folder of their own


class Call(NamedTuple):
    """Something public, and how it is called well: `make` gives the function, its positional and named arguments."""

    name: str
    make: Callable[[], tuple[Callable[..., Any], list[Any], dict[str, Any]]]
    free: tuple[str, ...] = ()  #: arguments that take values of several kinds


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def small() -> Net:
    return Net([Linear(2, 3)])


def points(n: int = 8) -> Dataset:
    return Dataset(ones(n, 2), np.arange(n) % 3)


def pictures() -> Dataset:
    return Dataset(rng().random((8, 1, 8, 8)).astype(np.float32), np.arange(8) % 3)


def trained() -> Learner:
    return Learner(small(), cross_entropy, SGD(lr=0.1), points(), metrics=[accuracy])


def watched() -> probe.TrainingStatistics:
    statistics = learner.Statistics("full")
    Learner(small(), cross_entropy, SGD(lr=0.1), points(), callbacks=[statistics]).fit(progress=False)
    return statistics.record


def history() -> History:
    rows = History()
    for epoch in (1, 2):
        rows.append({"epoch": epoch, "loss": 0.5 / epoch, "lr": 0.1, "seconds": 0.1})
    return rows


def weights() -> dict[str, tn.Parameter]:
    found = small().parameters()
    for parameter in found.values():
        parameter.gradient = np.ones(parameter.shape)
    return found


def _entered_by(manager: Any) -> Any:
    def entered(**named: Any) -> None:
        with manager(*named.values()):
            pass

    return entered


def call(name: str, function: Any, /, *, free: tuple[str, ...] = (), **named: Any) -> Call:
    """A call whose arguments may be used again."""
    return Call(name, lambda: (function, [], dict(named)), free)


def fresh(name: str, make: Callable[[], tuple[Any, dict[str, Any]]], free: tuple[str, ...] = ()) -> Call:
    """A call that needs something new each time."""

    def parts() -> tuple[Any, list[Any], dict[str, Any]]:
        function, named = make()
        return function, [], named

    return Call(name, parts, free)


def inputs(name: str, make: Callable[[], tuple[Any, list[Any]]], free: tuple[str, ...] = ()) -> Call:
    """A call of a function that takes any number of positional arguments."""
    return Call(name, lambda: (*make(), {}), free)


WINDOW = {"kernel_size": 2, "stride": 1, "padding": 0}
CONVOLUTION = {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "stride": 1, "padding": 1, "dilation": 1}
CONVOLUTION |= {"groups": 1, "bias": True}
NORM = {"eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True, "bias": True}
RECURRENT = {"input_size": 3, "hidden_size": 2, "num_layers": 1, "bias": True, "bidirectional": False}
RECURRENT |= {"return_state": False}
PAIRS = ("kernel_size", "stride", "padding", "dilation", "output_padding", "rng")

MAKERS = [
    call("layers.Linear", layers.Linear, in_features=3, out_features=2, bias=True, rng=rng(), free=("rng",)),
    call("layers.Flatten", layers.Flatten, start_dim=1, end_dim=-1),
    inputs("layers.Reshape", lambda: (layers.Reshape, [2, -1])),
    inputs("layers.Permute", lambda: (layers.Permute, [1, 0])),
    call("layers.Dropout", layers.Dropout, p=0.5, rng=rng(), free=("rng",)),
    call("layers.Dropout2D", layers.Dropout2D, p=0.5, rng=rng(), free=("rng",)),
    call("layers.LeakyReLU", layers.LeakyReLU, negative_slope=0.01),
    call("layers.Hardtanh", layers.Hardtanh, min_val=-1.0, max_val=1.0),
    call("layers.GELU", layers.GELU, approximate="tanh"),
    call("layers.ELU", layers.ELU, alpha=1.0),
    call("layers.Softplus", layers.Softplus, beta=1.0, threshold=20.0),
    call("layers.PReLU", layers.PReLU, num_parameters=2, init=0.25),
    call("layers.GLU", layers.GLU, axis=1),
    call("layers.SwiGLU", layers.SwiGLU, in_features=3, hidden_features=4, out_features=2, bias=True,
         free=("out_features",)),
    call("layers.Softmax", layers.Softmax, axis=-1),
    call("layers.LogSoftmax", layers.LogSoftmax, axis=-1),
    call("layers.Conv1D", layers.Conv1D, **CONVOLUTION, free=PAIRS),
    call("layers.Conv2D", layers.Conv2D, **CONVOLUTION, free=PAIRS),
    call("layers.ConvTranspose1D", layers.ConvTranspose1D, **CONVOLUTION, output_padding=0, free=PAIRS),
    call("layers.ConvTranspose2D", layers.ConvTranspose2D, **CONVOLUTION, output_padding=0, free=PAIRS),
    call("layers.MaxPool1D", layers.MaxPool1D, **WINDOW, dilation=1, return_switches=True, ceil_mode=True, free=PAIRS),
    call("layers.MaxPool2D", layers.MaxPool2D, **WINDOW, dilation=1, return_switches=True, ceil_mode=True, free=PAIRS),
    call("layers.MaxUnpool1D", layers.MaxUnpool1D, **WINDOW, free=PAIRS),
    call("layers.MaxUnpool2D", layers.MaxUnpool2D, **WINDOW, free=PAIRS),
    call("layers.AvgPool1D", layers.AvgPool1D, **WINDOW, ceil_mode=True, count_include_pad=True, free=PAIRS),
    call("layers.AvgPool2D", layers.AvgPool2D, **WINDOW, ceil_mode=True, count_include_pad=True, divisor_override=2,
         free=PAIRS),
    call("layers.AdaptiveAvgPool1D", layers.AdaptiveAvgPool1D, output_size=2),
    call("layers.AdaptiveAvgPool2D", layers.AdaptiveAvgPool2D, output_size=2, free=("output_size",)),
    call("layers.AdaptiveMaxPool1D", layers.AdaptiveMaxPool1D, output_size=2, return_switches=True),
    call("layers.AdaptiveMaxPool2D", layers.AdaptiveMaxPool2D, output_size=(2, 3), return_switches=True),
    call("layers.Upsample", layers.Upsample, size=(2, 3), mode="bilinear", align_corners=False, free=("size",)),
    call("layers.Upsample", layers.Upsample, scale_factor=2.0, mode="bilinear", align_corners=False,
         free=("scale_factor",)),
    call("layers.ZeroPad1D", layers.ZeroPad1D, padding=(1, 2)),
    call("layers.ZeroPad2D", layers.ZeroPad2D, padding=(1, 2, 0, 1)),
    call("layers.ReflectionPad1D", layers.ReflectionPad1D, padding=(1, 2)),
    call("layers.ReflectionPad2D", layers.ReflectionPad2D, padding=(1, 2, 0, 1)),
    call("layers.ReplicationPad1D", layers.ReplicationPad1D, padding=(1, 2)),
    call("layers.ReplicationPad2D", layers.ReplicationPad2D, padding=(1, 2, 0, 1)),
    call("layers.BatchNorm1D", layers.BatchNorm1D, num_features=3, **NORM, free=("momentum",)),
    call("layers.BatchNorm2D", layers.BatchNorm2D, num_features=3, **NORM, free=("momentum",)),
    call("layers.LayerNorm", layers.LayerNorm, normalized_shape=3, eps=1e-5, elementwise_affine=True, bias=True,
         free=("normalized_shape",)),
    call("layers.GroupNorm", layers.GroupNorm, num_groups=2, num_channels=4, eps=1e-5, affine=True, bias=True),
    call("layers.RMSNorm", layers.RMSNorm, normalized_shape=(2, 3), eps=1e-5, elementwise_affine=True, free=("eps",)),
    call("layers.Embedding", layers.Embedding, num_embeddings=5, embedding_dim=3, padding_idx=2,
         free=("padding_idx",)),
    call("layers.LearnedPosition", layers.LearnedPosition, max_length=4, embedding_dim=3),
    call("layers.SinusoidalPosition", layers.SinusoidalPosition, embedding_dim=4),
    call("layers.RotaryPosition", layers.RotaryPosition, dim=4, base=10000.0),
    call("layers.RNN", layers.RNN, **RECURRENT, nonlinearity="relu"),
    call("layers.LSTM", layers.LSTM, **RECURRENT, proj_size=1),
    call("layers.GRU", layers.GRU, **RECURRENT),
    call("layers.MultiHeadAttention", layers.MultiHeadAttention, embed_dim=4, num_heads=2, bias=True, causal=True,
         rotary=False),
    call("layers.TransformerBlock", layers.TransformerBlock, embed_dim=4, num_heads=2, mlp_dim=8, dropout=0.1,
         causal=True, rotary=False, bias=True, norm_first=False, activation="relu", free=("mlp_dim",)),
    fresh("net.Net", lambda: (Net, {"layers": [Linear(2, 2), ReLU()]})),
    fresh("net.Concat", lambda: (net.Concat, {"branches": [Linear(2, 2), [ReLU()]], "axis": 1}), free=("branches",)),
    fresh("net.Padded", lambda: (net.Padded, {"layers": [layers.LSTM(2, 2), ReLU()]})),
    fresh("net.Named", lambda: (net.Named, {"layers": {"one": Linear(2, 2), "two": ReLU()}})),
    fresh(
        "net.Graph",
        lambda: (
            net.Graph,
            {
                "inputs": ["x"],
                "steps": [
                    ("one", Linear(2, 2), ["x"], ["a"]),
                    ("two", net.operations.MatMul(), ["a", "W"], ["b"]),
                    ("three", net.operations.Combine("add"), ["b", "c"], ["y"]),
                ],
                "outputs": ["y"],
                "weights": {"W": (2, 2)},
                "constants": {"c": ((2,), "float32")},
            },
        ),
    ),
    fresh("net.Residual", lambda: (net.Residual, {"body": [Linear(2, 2)], "shortcut": Linear(2, 2)}),
          free=("body", "shortcut")),
]  # fmt: skip


MOVE_ANYTHING = ("0",)  #: layers that only move what they are given, whatever it is


def _layer_calls() -> Iterator[Call]:
    """Forward, backward and step of every layer in the table of the contract."""
    for row in LAYERS:
        name = type(row.build()).__name__
        given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
        arrays = [x if isinstance(x, np.ndarray) else ones(*x) for x in given]

        def forward(row: Any = row, arrays: list = arrays) -> tuple[Any, list]:
            return row.build().forward, list(arrays)

        def backward(row: Any = row, arrays: list = arrays) -> tuple[Any, list]:
            stack = Net([row.build()])  # a net checks the gradients that go into it
            y = stack.forward(*arrays)
            return stack.backward, [np.ones_like(value) for value in (y if isinstance(y, tuple) else (y,))]

        free = MOVE_ANYTHING if name in ("Flatten", "Reshape", "Permute", "Concat") else ()
        free = ("1", "2") if name == "MultiHeadAttention" else free  # None as key and value: self-attention
        yield inputs(f"layers.{name}.forward", forward, free)
        yield inputs("net.Net.backward", backward)


OPTIONS = ("weight", "pos_weight", "alpha", "ignore_index")  #: None is one of their values


def _loss_calls() -> Iterator[Call]:
    """Every loss in the table of the contract, with its options."""
    for row in LOSSES:
        function = getattr(row.loss, "func", row.loss)
        options = getattr(row.loss, "keywords", None) or {}
        arrays = row.predictions(rng())
        named = {"predicted": arrays[0] if len(arrays) == 1 else arrays, "ground_truth": row.ground_truth}
        free = ("ground_truth",) if function is losses.info_nce else ()
        yield call(f"losses.{function.__name__}", function, **named, **options, free=(*OPTIONS, *free))


LOGITS, CLASSES = rng().normal(size=(6, 3)).astype(np.float32), np.array([0, 1, 2, 0, 1, 2])
ROW = {"predicted": LOGITS, "ground_truth": CLASSES}
NUMBERS = {"predicted": rng().normal(size=(6, 2)), "ground_truth": np.linspace(0, 1, 12).reshape(6, 2)}
RANKED = {"predicted": np.linspace(-1, 1, 6), "ground_truth": np.array([0, 1, 0, 1, 0, 1])}
CLIPS = {"clip_norm": 1.0, "clip_value": 1.0, "gradient_accumulation_steps": 1}
RATE = {"lr": 0.1} | CLIPS
RATES = ("lr", "clip_norm", "clip_value")

NUMERIC = [
    call("losses.cross_entropy", losses.cross_entropy, **ROW, axis=-1, ignore_index=0, label_smoothing=0.1,
         reduction="mean", free=("ignore_index",)),
    call("losses.negative_log_likelihood", losses.negative_log_likelihood, **ROW, axis=-1, ignore_index=0,
         reduction="sum", free=("ignore_index",)),
    call("losses.binary_cross_entropy_with_logits", losses.binary_cross_entropy_with_logits, **NUMBERS, weight=2.0,
         pos_weight=2.0, reduction="sum", free=("weight", "pos_weight")),
    call("losses.focal", losses.focal, **ROW, gamma=2.0, axis=-1, reduction="mean"),
    call("losses.kl_divergence", losses.kl_divergence, predicted=LOGITS, ground_truth=np.full((6, 3), 1 / 3), axis=-1),
    call("losses.huber", losses.huber, **NUMBERS, delta=1.0, reduction="mean"),
    call("losses.multi_margin", losses.multi_margin, **ROW, axis=-1, margin=1.0, weight=np.ones(3), free=("weight",)),
    call("losses.info_nce", losses.info_nce, predicted=(LOGITS, LOGITS), temperature=0.1),
    call("losses.ctc", losses.ctc, predicted=rng().normal(size=(2, 6, 3)), ground_truth=LOSSES[-2].ground_truth,
         blank=0, reduction="mean", zero_infinity=True),
    call("metrics.accuracy", metrics.accuracy, **ROW, axis=-1),
    call("metrics.top_k_accuracy", metrics.top_k_accuracy, **ROW, k=2, axis=-1),
    call("metrics.confusion_matrix", metrics.confusion_matrix, **ROW, n_classes=3, axis=-1, free=("n_classes",)),
    *(
        call(f"metrics.{name}", getattr(metrics, name), **ROW, average="macro", axis=-1, free=("average",))
        for name in ("f1_score", "iou", "precision", "recall")
    ),
    call("metrics.perplexity", metrics.perplexity, **ROW, axis=-1, ignore_index=0, free=("ignore_index",)),
    *(call(f"metrics.{name}", getattr(metrics, name), **NUMBERS) for name in ("mean_absolute_error", "r2_score")),
    *(call(f"metrics.{name}", getattr(metrics, name), **RANKED) for name in ("roc_auc", "average_precision")),
    call("optimizers.SGD", optimizers.SGD, **RATE, momentum=0.9, weight_decay=0.1, nesterov=True, free=RATES),
    call("optimizers.Adagrad", optimizers.Adagrad, **RATE, lr_decay=0.1, weight_decay=0.1,
         initial_accumulator_value=0.1, eps=1e-8, free=RATES),
    call("optimizers.Adadelta", optimizers.Adadelta, **RATE, rho=0.9, weight_decay=0.1, eps=1e-8, free=RATES),
    call("optimizers.RMSProp", optimizers.RMSProp, **RATE, alpha=0.9, eps=1e-8, weight_decay=0.1, momentum=0.9,
         centered=True, free=RATES),
    call("optimizers.Adam", optimizers.Adam, **RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1, amsgrad=True,
         free=RATES),
    call("optimizers.AdamW", optimizers.AdamW, **RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1, amsgrad=True,
         free=RATES),
    call("optimizers.NAdam", optimizers.NAdam, **RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1,
         momentum_decay=0.1, free=RATES),
    call("optimizers.RAdam", optimizers.RAdam, **RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1,
         decoupled_weight_decay=True, free=RATES),
    call("optimizers.Adamax", optimizers.Adamax, **RATE, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1, free=RATES),
    call("optimizers.Lion", optimizers.Lion, **RATE, betas=(0.9, 0.99), weight_decay=0.1, free=RATES),
    call("optimizers.Muon", optimizers.Muon, **RATE, momentum=0.9, nesterov=True, weight_decay=0.1, ns_steps=5,
         free=RATES),
    fresh("optimizers.ParameterGroups", lambda: (optimizers.ParameterGroups, {"groups": [("*", SGD(lr=0.1))], **CLIPS}),
          free=RATES),
    fresh("optimizers.SGD.step", lambda: (SGD(lr=0.1).step, {"parameters": weights()})),
    fresh("optimizers.SGD.step", lambda: (SGD(lr=0.1, clip_norm=1.0).step, {"parameters": weights()})),
    fresh("optimizers.SGD.state", lambda: (SGD(lr=0.1).state, {"parameters": weights()})),
    fresh("optimizers.Adam.load_state", lambda: (
        optimizers.Adam().load_state, {"state": _adam_state(), "parameters": weights()})),
    fresh("optimizers.ParameterGroups.load_state", lambda: (
        optimizers.ParameterGroups([("*", SGD(0.1))]).load_state,
        {"state": optimizers.ParameterGroups([("*", SGD(0.1))]).state(weights()), "parameters": weights()})),
    fresh("optimizers.WeightAverage", lambda: (optimizers.WeightAverage, {"parameters": weights(), "decay": 0.9})),
    fresh("optimizers.clip_gradient_norm", lambda: (
        optimizers.clip_gradient_norm, {"parameters": list(weights().values()), "max_norm": 1.0})),
    fresh("optimizers.clip_gradient_value", lambda: (
        optimizers.clip_gradient_value, {"parameters": list(weights().values()), "max_value": 1.0})),
    call("optimizers.StepLR", optimizers.StepLR, lr=0.1, step_size=2, gamma=0.5),
    call("optimizers.MultiStepLR", optimizers.MultiStepLR, lr=0.1, milestones=[2, 4], gamma=0.5),
    call("optimizers.PolynomialLR", optimizers.PolynomialLR, lr=0.1, total_iters=5, power=2.0),
    call("optimizers.ConstantLR", optimizers.ConstantLR, lr=0.1, factor=0.5, total_iters=5, free=("lr",)),
    call("optimizers.LinearLR", optimizers.LinearLR, lr=0.1, start_factor=0.5, end_factor=0.9, total_iters=5,
         free=("lr",)),
    call("optimizers.CyclicLR", optimizers.CyclicLR, base_lr=0.1, max_lr=0.2, step_size_up=5, step_size_down=3,
         mode="exp_range", gamma=0.9, scale_fn=None, scale_mode="cycle", free=("step_size_down", "scale_fn")),
    call("optimizers.ExponentialLR", optimizers.ExponentialLR, lr=0.1, gamma=0.5),
    call("optimizers.CosineAnnealingLR", optimizers.CosineAnnealingLR, lr=0.1, T_max=5, eta_min=0.01),
    call("optimizers.CosineAnnealingWarmRestarts", optimizers.CosineAnnealingWarmRestarts, lr=0.1, T_0=5, T_mult=2,
         eta_min=0.01),
    call("optimizers.LinearWarmup", optimizers.LinearWarmup, lr=0.1, n_steps=4, free=("lr",)),
    call("optimizers.OneCycleLR", optimizers.OneCycleLR, max_lr=0.1, total_steps=9, pct_start=0.3, div_factor=25.0,
         final_div_factor=1e4),
    call("optimizers.SequentialLR", optimizers.SequentialLR, schedules=[0.1, 0.2], milestones=[3]),
    *(call(f"optimizers.{type(schedule).__name__}", schedule, step=7) for schedule in (
        optimizers.StepLR(0.1, 2), optimizers.MultiStepLR(0.1, [2]), optimizers.ExponentialLR(0.1, 0.9),
        optimizers.PolynomialLR(0.1), optimizers.CosineAnnealingLR(0.1, 5),
        optimizers.CosineAnnealingWarmRestarts(0.1, 5, 2), optimizers.ConstantLR(0.1), optimizers.LinearLR(0.1),
        optimizers.LinearWarmup(0.1, 4), optimizers.OneCycleLR(0.1, 9), optimizers.CyclicLR(0.1, 0.2),
        optimizers.SequentialLR([0.1, 0.2], [3]))),
]  # fmt: skip


def _adam_state() -> dict[str, Any]:
    optimizer, parameters = optimizers.Adam(), weights()
    optimizer.step(parameters)
    return optimizer.state(parameters)


def masked(make: Any, name: str) -> Any:
    """A forward of three places with the padding of one sample."""
    layer = make()
    return lambda mask: layer.forward(ones(2, 3, 4), **{name: mask})


PADDING = np.array([[False, False, True], [False, False, False]])

STEPS = [
    fresh("layers.RNN.forward", lambda: (
        masked(lambda: layers.RNN(4, 2), "padding_mask"), {"mask": PADDING}), ("mask",)),
    fresh("layers.MultiHeadAttention.forward", lambda: (
        masked(lambda: layers.MultiHeadAttention(4, 2), "key_padding_mask"), {"mask": PADDING}), ("mask",)),
    fresh("layers.MultiHeadAttention.forward", lambda: (
        masked(lambda: layers.MultiHeadAttention(4, 2), "attn_mask"), {"mask": np.eye(3, dtype=bool)}), ("mask",)),
    fresh("layers.TransformerBlock.forward", lambda: (
        masked(lambda: layers.TransformerBlock(4, 2), "key_padding_mask"), {"mask": PADDING}), ("mask",)),
    *(
        fresh(f"layers.{type(make()).__name__}.step",
              lambda make=make: (make().step, {"x": ones(2, 3, 4), "state": None}), ("state",))
        for make in (
            lambda: layers.RNN(4, 2), lambda: layers.LSTM(4, 2), lambda: layers.GRU(4, 2),
            lambda: layers.MultiHeadAttention(4, 2, causal=True), lambda: layers.TransformerBlock(4, 2, causal=True),
            lambda: layers.LearnedPosition(6, 4), lambda: layers.SinusoidalPosition(4),
            lambda: layers.RotaryPosition(4),
        )
    ),
    call("core.faster.use", _entered_by(core.faster.use), pair="plain"),
]  # fmt: skip


class Observer:
    def on_forward(self, path: str, layer: Any, x: Any, y: Any) -> None: ...


def _fitted_step() -> tuple[Any, dict[str, Any]]:
    return trained().train_step, {"x": ones(4, 2), "y": np.zeros(4, int)}


def _tokens() -> Net:
    return models.char_gpt(5, 8, 2, 1)


TRAINING = [
    fresh("learner.Learner", lambda: (Learner, {
        "net": small(), "loss": cross_entropy, "optimizer": SGD(lr=0.1), "train": points(), "valid": points(),
        "batch_size": 4, "drop_last": True,
        "metrics": [accuracy], "callbacks": [EarlyStopping("loss")]}), free=("valid",)),
    fresh("learner.Learner.fit", lambda: (trained().fit, {"epochs": 1, "progress": False})),
    fresh("learner.Learner.find_rate", lambda: (trained().find_rate, {
        "lowest": 1e-4, "highest": 1.0, "n_steps": 20})),
    fresh("learner.Learner.overfit_one_batch", lambda: (trained().overfit_one_batch, {"n_steps": 50, "n_samples": 4})),
    fresh("learner.Learner.go_to", lambda: (trained().go_to, {"step": 1})),
    fresh("learner.Learner.evaluate", lambda: (trained().evaluate, {"data": points()})),
    fresh("learner.Learner.predict", lambda: (trained().predict, {"x": ones(4, 2)})),
    fresh("learner.Learner.train_step", _fitted_step),
    fresh("learner.recompute_statistics", lambda: (
        learner.recompute_statistics, {"net": Net([layers.BatchNorm1D(2)]), "data": points(), "batch_size": 4})),
    call("learner.AverageWeights", learner.AverageWeights, decay=0.9),
    call("learner.CSVLog", learner.CSVLog, path="history.csv"),
    call("learner.Checkpoint", learner.Checkpoint, folder="checkpoints", every="epoch", keep=2, monitor="valid_loss",
        mode="min", free=("every",)),
    call("learner.EarlyStopping", EarlyStopping, monitor="valid_loss", patience=3, min_delta=0.1, mode="min",
         free=("mode",)),
    call("learner.Snapshots", learner.Snapshots, epochs=[1, 3], free=("epochs",)),
    call("learner.KeepBest", learner.KeepBest, monitor="valid_loss", path="best.safetensors", mode="min",
         free=("mode", "path")),
    call("learner.ReduceOnPlateau", learner.ReduceOnPlateau, monitor="valid_loss", factor=0.5, patience=3,
         min_delta=0.1, cooldown=1, min_lr=0.0, mode="min", free=("mode",)),
    call("learner.Statistics", learner.Statistics, detail="economy", every=3, path="statistics.safetensors",
         free=("every", "path")),
    call("probe.TrainingStatistics", probe.TrainingStatistics, layers={"0": "Linear"}, settings={"every": 3}),
    call("probe.singular_values", probe.singular_values, net=small()),
    fresh("learner.History.append", lambda: (history().append, {"row": {"epoch": 3, "loss": 0.1}})),
    fresh("learner.History.best", lambda: (history().best, {"name": "loss", "mode": "min"}), free=("mode",)),
    fresh("learner.History.__getitem__", lambda: (history().__getitem__, {"name": "loss"})),
    call("learner.History.read_csv", History.read_csv, path=str(FOLDER / "no such history.csv")),
    fresh("net.Net.update", lambda: (small().update, {"optimizer": SGD(lr=0.1)})),
    inputs("net.Net.predict", lambda: (small().predict, [ones(4, 2)])),
    fresh("net.Net.predict", lambda: (lambda batch_size: small().predict(ones(4, 2), batch_size=batch_size),
                                      {"batch_size": 4})),
    fresh("net.Net.watch", lambda: (_enter(small().watch), {"observer": Observer()})),
    fresh("net.watch", lambda: (_enter(net.watch), {"net": small(), "observer": Observer()})),
    fresh("net.Net.summary", lambda: (small().summary, {"input_shape": (2,)})),
    fresh("net.Net.step", lambda: (Net([layers.GRU(2, 3)]).step, {"x": ones(4, 1, 2), "state": None}),
          free=("state",)),
    fresh("net.Net.__getitem__", lambda: (small().__getitem__, {"index": 0})),
    fresh("net.Net.astype", lambda: (small().astype, {"dtype": np.float64})),
    fresh("net.Net.load_state", lambda: (small().load_state, {"state": small().state()})),
    call("core.Parameter", tn.Parameter, tensor=ones(2), trainable=True, dtype=np.float32),
    fresh("core.Parameter.accumulate", lambda: (tn.Parameter(ones(2)).accumulate, {"gradient": ones(2)})),
    fresh("core.Parameter.astype", lambda: (tn.Parameter(ones(2)).astype, {"dtype": np.float64})),
    fresh("core.Parameter.tensor", lambda: (_setter(tn.Parameter(ones(2)), "tensor"), {"value": ones(2)})),
    fresh("core.Parameter.gradient", lambda: (_setter(tn.Parameter(ones(2)), "gradient"), {"value": ones(2)})),
    call("core.formula", tn.formula, thing=Linear, free=("thing",)),
    call("core.seed", tn.seed, number=0),
    call("core.stream", core.stream, name="weights"),
    fresh("core.set_generator_states", lambda: (core.set_generator_states, {"states": core.generator_states()})),
    call("threads", tn.threads, n=1),
    *(call(f"core.initializers.{name}", getattr(initializers, name), shape=(3, 2), rng=rng(), free=("rng",))
      for name in ("uniform_fan_in", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "normal",
                   "orthogonal", "zeros")),
    call("core.initializers.fans", initializers.fans, shape=(3, 2)),
    call("core.initializers.normal", initializers.normal, shape=(3, 2), std=0.1),
    call("core.initializers.orthogonal", initializers.orthogonal, shape=(3, 2), gain=2.0),
    call("core.initializers.xavier_uniform", initializers.xavier_uniform, shape=(3, 2), gain=2.0),
    call("core.initializers.uniform_fan_in", initializers.uniform_fan_in, shape=(3,), fan_in=2, free=("fan_in",)),
    fresh("gradcheck.check_layer", lambda: (gradcheck.check_layer, {
        "layer": Linear(2, 2), "input_shape": (2, 2), "seed": 0, "tolerance": 1e-5, "max_entries": 4,
        "batch_of_one": False})),
    fresh("gradcheck.check_loss", lambda: (gradcheck.check_loss, {
        "loss": mean_squared_error, "predicted": (2, 2), "ground_truth": np.ones((2, 2)), "seed": 0,
        "tolerance": 1e-5, "max_entries": 4}), free=("predicted",)),
    fresh("gradcheck.check_net", lambda: (gradcheck.check_net, {
        "net": small(), "input_shape": (2, 2), "loss": cross_entropy, "ground_truth": np.zeros(2, int), "seed": 0,
        "tolerance": 1e-5, "max_entries": 4}), free=("loss",)),
    call("storage.save", storage.save, net=small(), path=FOLDER / "calls.safetensors", free=("path",)),
    call("storage.load", storage.load, path=FOLDER / "no such net.safetensors", layers=[Linear], free=("path",)),
    call("storage.load_weights", storage.load_weights, net=small(), path=FOLDER / "no such net.safetensors",
         free=("path",)),
    call("storage.atomic_write", storage.atomic_write, path=FOLDER / "calls.txt", content="text",
         free=("path", "content")),
]  # fmt: skip


def _enter(manager: Any) -> Any:
    def entered(**named: Any) -> None:
        with manager(**named):
            pass

    return entered


def _setter(thing: Any, name: str) -> Any:
    return lambda value: setattr(thing, name, value)


POINTS = {"n_samples": 6, "noise": 0.1, "rng": 0}
TEXT = "hello world, hello again"

DATA = [
    call("data.Compose", data.Compose, transforms=[data.RandomFlip()]),
    call("data.Compose.__call__", data.Compose([data.RandomFlip()]), x=ones(2, 3, 4, 4)),
    call("data.Dataset", Dataset, x=ones(4, 2), y=np.array([0, 1, 0, 1]), classes=["a", "b"],
         transform=data.Normalize(0.0, 1.0), free=("x", "y", "classes", "transform")),
    call("data.Dataset.subset", points().subset, indices=[0, 1], free=("indices",)),
    call("data.Dataset.__getitem__", points().__getitem__, indices=[0, 1], free=("indices",)),
    call("data.Dataset.split", points().split, fraction=0.5, rng=0, free=("rng",)),
    call("data.Dataset.with_transform", points().with_transform, transform=data.Normalize(0.0, 1.0),
         free=("transform",)),
    call("data.Normalize", data.Normalize, mean=0.5, std=0.5, free=("mean", "std")),
    call("data.Normalize.__call__", data.Normalize([0.5] * 3, [0.5] * 3), x=ones(2, 3, 4, 4)),
    call("data.RandomCrop", data.RandomCrop, size=4, padding=1, rng=0, free=("size", "padding", "rng")),
    call("data.RandomCrop.__call__", data.RandomCrop(2, 1), x=ones(2, 3, 4, 4)),
    call("data.RandomFlip", data.RandomFlip, p=0.5, rng=0, free=("rng",)),
    call("data.RandomFlip.__call__", data.RandomFlip(), x=ones(2, 3, 4, 4)),
    call("data.Text", data.Text, content=TEXT, length=4, stride=2, valid=0.3, free=("stride",)),
    call("data.Text.encode", data.Text(TEXT, 1).encode, text="hello"),
    call("data.Text.decode", data.Text(TEXT, 1).decode, codes=np.array([0, 1, 2])),
    call("data.Windows", data.Windows, codes=np.arange(9), length=3, stride=2, classes="abcdefghi",
         free=("stride", "classes")),
    call("data.Windows.__getitem__", data.Windows(np.arange(9), 3).__getitem__, indices=[0, 1], free=("indices",)),
    call("data.batches", lambda **named: list(data.batches(**named)), dataset=points(), batch_size=3, shuffle=True,
         rng=0, drop_last=True, first=0, free=("rng",)),
    call("data.blobs", data.blobs, **POINTS, n_classes=2, free=("rng",)),
    call("data.spirals", data.spirals, **POINTS, n_classes=2, free=("rng",)),
    call("data.circles", data.circles, **POINTS, free=("rng",)),
    call("data.moons", data.moons, **POINTS, free=("rng",)),
    call("data.curve", data.curve, function=np.sin, **POINTS, low=-1.0, high=1.0, free=("rng",)),
    call("data.line", data.line, **POINTS, slope=1.0, intercept=0.0, free=("rng",)),
    call("data.polynomial", data.polynomial, **POINTS, coefficients=(1.0, 2.0), free=("rng",)),
    call("data.sine", data.sine, **POINTS, free=("rng",)),
    call("data.dates", data.dates, n_samples=3, rng=0, free=("rng",)),
    call("data.load", data.load, name="moons"),
    call("data.pictures", data.pictures, folder=FOLDER / "no such folder", size=8, fraction=0.2, skip_broken=True,
         free=("folder", "size")),
    call("data.table", data.table, source=FOLDER / "no such table.csv", target="y", task="classes", fraction=0.2,
         skip_broken=True, free=("source",)),
    call("data.text_file", data.text_file, path=FOLDER / "no such text.txt", window=4, fraction=0.1, free=("path",)),
    call("data.pairs", data.pairs, source=FOLDER / "no such pairs.txt", target="y", max_length=9, fraction=0.2,
         skip_broken=True, free=("source", "target", "max_length")),
    call("data.PairPreparation", data.PairPreparation, vocabulary="abc", lengths=(4, 5), max_length=6, target="y",
         fraction=0.2, free=("max_length", "target")),
    call("data.PairPreparation.__call__", data.PairPreparation("abc", (4, 5)), text="cab"),
    call("data.PicturePreparation", data.PicturePreparation, input_shape=(3, 8, 8), classes=["a", "b"], fraction=0.2),
    call("data.PicturePreparation.__call__", data.PicturePreparation((3, 8, 8), ["a", "b"]),
         path=FOLDER / "no such picture.png", free=("path",)),
    call("data.TablePreparation", data.TablePreparation, columns=[Number("a", 0.0, 1.0)],
         target=Classes("y", ("no", "yes")), fraction=0.2),
    call("data.TablePreparation.__call__", data.TablePreparation([Number("a", 0.0, 1.0)], Classes("y", ("no", "yes"))),
         row={"a": 1.0}, free=("row",)),
    call("data.TextPreparation", data.TextPreparation, vocabulary="abc", window=4, fraction=0.1),
    call("data.TextPreparation.__call__", data.TextPreparation("abc"), text="cab"),
    call("data.preparation_of", data.preparation_of, config=data.TextPreparation("abc").config(), free=("config",)),
    call("data.text", data.text, path=FOLDER / "no such text.txt", length=4, stride=2, valid=0.1, free=("path",)),
]  # fmt: skip

SHAPES = {"input_shape": (1, 8, 8), "n_classes": 3}


def _calls_of_models() -> tuple[Any, dict[str, Any]]:
    generator, discriminator = models.dcgan((1, 8, 8), 4, 2)
    rules = {"optimizer": SGD(lr=0.1), "discriminator_optimizer": SGD(lr=0.1)}
    nets = {"generator": generator, "discriminator": discriminator}
    return models.AdversarialLearner, {**nets, **rules, "train": pictures(), "latent": 4, "batch_size": 4}


MODELS = [
    call("models.build", models.build, name="mlp", input_shape=(1, 8, 8), n_classes=3, free=("input_shape",)),
    call("models.mlp", models.mlp, in_features=4, hidden=(3, 3), n_classes=2),
    call("models.digits_cnn", models.digits_cnn, **SHAPES),
    call("models.lenet5", models.lenet5, input_shape=(1, 28, 28), n_classes=3),
    call("models.mnist_cnn", models.mnist_cnn, input_shape=(1, 12, 12), n_classes=3),
    call("models.mobilenet", models.mobilenet, input_shape=(1, 32, 32), n_classes=3, width=2),
    call("models.resnet20", models.resnet20, input_shape=(1, 8, 8), n_classes=3),
    call("models.vgg11", models.vgg11, input_shape=(1, 32, 32), n_classes=3, width=1),
    call("models.vgg16", models.vgg16, input_shape=(1, 32, 32), n_classes=3, width=1),
    call("models.unet", models.unet, in_channels=1, n_classes=2, width=2, depth=1),
    call("models.conv_autoencoder", models.conv_autoencoder, input_shape=(1, 8, 8), code_channels=2),
    call("models.dcgan", models.dcgan, input_shape=(1, 8, 8), latent=4, width=2),
    call("models.vae", models.vae, input_shape=(1, 8, 8), latent=2, hidden=4),
    call("models.char_gpt", models.char_gpt, vocabulary=5, embed_dim=8, num_heads=2, num_layers=1, dropout=0.1),
    call("models.char_lstm", models.char_lstm, vocabulary=5, embedding_dim=4, hidden_size=4, num_layers=1),
    call("models.seq2seq", models.seq2seq, vocabulary=5, embed_dim=8, num_heads=2, max_length=6, padding=0,
         free=("padding",)),
    call("models.noise", noise, n=2, latent=3, rng=rng(), free=("rng",)),
    call("models.he_before_relu", models.he_before_relu, net=Net([Linear(2, 2), ReLU()])),
    call("models.he_convolutions", models.he_convolutions, net=Net([Conv2D(1, 2, 3), ReLU()])),
    call("models.generate", models.generate, net=_tokens(), prompt=np.array([0, 1]), length=2, temperature=1.0,
         top_k=2, context=4, rng=rng(), free=("top_k", "context", "rng", "prompt")),
    call("models.transcribe", models.transcribe, net=models.seq2seq(5, 8, 2, 6), source=np.array([[0, 1, 2]]), start=0,
         length=3, end=4, free=("end",)),
    call("models.evidence_loss", models.evidence_loss, predicted=(ones(2, 1, 4, 4), ones(2, 2), ones(2, 2)),
         ground_truth=ones(2, 1, 4, 4) / 2),
    fresh("models.AdversarialLearner", _calls_of_models),
    fresh("models.VariationalAutoencoder", lambda: (
        models.VariationalAutoencoder, {"encoder": Linear(4, 4), "decoder": Linear(2, 4)})),
    fresh("models.EncoderDecoder", lambda: (models.EncoderDecoder, {
        "encoder": small(), "reader": small(), "attention": layers.MultiHeadAttention(4, 2), "writer": small(),
        "padding": 0}), ("padding",)),
]  # fmt: skip


def recorded() -> Any:
    """A step of a small net."""
    return tn.trace(Net([Linear(2, 3), ReLU(), Linear(3, 2)]), ones(4, 2), np.array([0, 1, 1, 0]), losses.cross_entropy)


def _calls_of_steps() -> list[Call]:
    """What records a step, explains it and keeps it."""
    p = tn.probe
    return [
        call("probe.trace", p.trace, free=("x", "y", "optimizer"), net=small(), x=ones(4, 2), y=np.array([0, 1, 1, 0]),
             loss=losses.cross_entropy, optimizer=optimizers.SGD(lr=0.1)),
        call("probe.explain", p.explain, free=("terms",), trace=recorded(), name="0.weight", index=(1, 1), terms=3),
        call("probe.walk", p.walk, free=("index", "terms"), trace=recorded(), sample=1, weight="0.weight",
             index=(1, 1), terms=3),
        call("probe.save_trace", p.save_trace, trace=recorded(), path=FOLDER / "step.safetensors", layers=["0"],
             free=("path", "layers")),
        call("probe.load_trace", p.load_trace, path=FOLDER / "no such step.safetensors", layers=[Linear],
             free=("path",)),
        call("probe.replay", p.replay, trace=recorded(), net=None, layers=[], loss=None, optimizer=None),
    ]  # fmt: skip


def classifier() -> Net:
    return Net([Conv2D(1, 2, 3), ReLU(), Flatten(), Linear(72, 3)])


def pictures_of_what_was_learned(v: Any) -> list[Call]:
    """The calls of visualize that show what a net looks at."""
    drawn, flat, x = classifier(), small(), rng().random((2, 1, 8, 8)).astype(np.float32)
    plane = Dataset(rng().normal(size=(8, 2)).astype(np.float32), np.arange(8) % 3)
    reading = models.char_gpt(5, embed_dim=4, num_heads=1, num_layers=1)
    common: dict[str, Any] = {"net": drawn, "x": x, "target": 1, "classes": ["a", "b", "c"], "words": None}
    free = ("x", "target", "classes", "words")
    return [
        *[call(f"visualize.{name}", getattr(v, name), **common, free=free)
          for name in ("saliency", "guided_backpropagation", "grad_cam")],
        call("visualize.integrated_gradients", v.integrated_gradients, **common, steps=4, free=(*free, "steps")),
        call("visualize.smooth_grad", v.smooth_grad, **common, n_samples=2, free=free),
        call("visualize.occlusion", v.occlusion, **common, size=4, free=(*free, "size")),
        call("visualize.attributions", lambda found, **o: v.attributions(found, **o),
             found=probe.saliency(drawn, x), classes=["a", "b", "c"], words=None, free=("classes", "words")),
        call("visualize.deconvnet", v.deconvnet, net=drawn, x=x, layer="0", channel=1, classes=["a", "b", "c"],
             free=("x", "layer", "channel", "classes")),
        call("visualize.activation_maximization", v.activation_maximization, net=drawn, input_shape=(1, 8, 8),
             target=1, layer=None, classes=["a", "b", "c"], steps=2, free=("target", "layer", "classes")),
        call("visualize.attention_maps", lambda net, x, **o: v.attention_maps(net, x, **o), net=reading,
             x=np.array([[0, 1, 2]]), sample=0, words=None, free=("words", "x")),
        call("visualize.randomization_check", v.randomization_check, net=drawn, x=x, target=1, methods=[probe.saliency],
             rng=rng(), free=("x", "target", "methods", "rng")),
        call("visualize.embedding_map", v.embedding_map, net=flat, dataset=plane, layer=None, method="pca", n=8,
             free=("layer",)),
        call("visualize.points_map", v.points_map, X=rng().normal(size=(4, 3)), names=["a", "b", "c", "d"],
             method="pca", free=("X", "names")),
        call("visualize.boundary_over_training", v.boundary_over_training, net=flat, dataset=plane,
             states={0: flat.state(), 3: flat.state()}),
        call("visualize.loss_landscape", v.loss_landscape, net=flat, loss=cross_entropy, x=plane.x, y=plane.y,
             dimensions=1, n=3, free=("x", "y")),
    ]  # fmt: skip


def pictures_drawn() -> list[Call]:
    """The calls of visualize, which loads matplotlib."""
    from tinynet import visualize as v

    drawn, flat = classifier(), small()
    plane = Dataset(rng().normal(size=(8, 2)).astype(np.float32), np.arange(8) % 3)
    line = data.line(8, rng=0)
    same = Dataset(ones(4, 1, 8, 8), ones(4, 1, 8, 8))
    return [
        *pictures_of_what_was_learned(v),
        call("visualize.confident_mistakes", v.confident_mistakes, net=drawn, dataset=pictures(), n=2),
        call("visualize.misclassified", v.misclassified, net=drawn, dataset=pictures(), n=2),
        call("visualize.explained_terms", v.explained_terms, explanation=tn.explain(recorded(), "2.y", (0, 1))),
        call("visualize.explanation_page", v.explanation_page, path=FOLDER / "step.html",
             what=tn.explain(recorded(), "loss"), title="A step", lead="Explained.", free=("path",)),
        call("visualize.confusion_matrix", v.confusion_matrix, matrix=np.array([[2, 1], [0, 3]]), classes=["a", "b"],
             free=("classes",)),
        call("visualize.decision_boundary", v.decision_boundary, net=flat, dataset=plane),
        call("visualize.feature_maps", v.feature_maps, net=drawn, x=ones(1, 8, 8)),
        call("visualize.filters", v.filters, net=drawn),
        call("visualize.fit_curve", v.fit_curve, net=Net([Linear(1, 1)]), dataset=line),
        call("visualize.gradient_histograms", v.gradient_histograms, net=flat, x=ones(4, 2), y=np.zeros(4, int),
             loss=cross_entropy),
        call("visualize.latent_space", v.latent_space, codes=ones(4, 2), labels=np.array([0, 1, 0, 1]),
             classes=["a", "b"], free=("classes",)),
        call("visualize.learning_curves", v.learning_curves, history=history(), free=("history",)),
        call("visualize.network_diagram", v.network_diagram, net=flat, input_shape=(2,)),
        call("visualize.reconstructions", v.reconstructions, net=Net([ReLU()]), dataset=same, n=2),
        call("visualize.samples", v.samples, images=ones(4, 1, 8, 8), title="Samples", columns=2, free=("columns",)),
        call("visualize.singular_values", v.singular_values, net=drawn),
        call("visualize.time_histograms", v.time_histograms, statistics=watched(), layer="0"),
        call("visualize.training_strip", v.training_strip, statistics=watched()),
        call("visualize.rate_curve", v.rate_curve, sweep=probe.read_sweep(np.geomspace(1e-3, 1, 20), np.arange(20.0))),
        call("visualize.weight_histograms", v.weight_histograms, net=flat, initial=flat),
        call("visualize.report", v.report, path=FOLDER / "calls.html", net=drawn, history=history(), test=pictures(),
             loss=cross_entropy, metrics={"accuracy": 0.5}, title="A run", config={"lr": 0.1}, command="tinynet",
             initial=drawn, sections=[("Mine", lambda subject: None)], course=probe.Course("done", "It is done."),
             free=("path", "history", "test", "metrics", "config", "loss", "initial", "sections", "course")),
    ]  # fmt: skip


CALLS = [*MAKERS, *_layer_calls(), *_loss_calls(), *NUMERIC, *STEPS, *TRAINING, *DATA, *MODELS, *_calls_of_steps()]
