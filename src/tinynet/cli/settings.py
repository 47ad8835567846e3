"""The settings of a training run, and their defaults."""

from __future__ import annotations

import difflib
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinynet.cli.own import Own, own_of, short_name
from tinynet.core import checks
from tinynet.core.faster import CHOICES
from tinynet.data import DATASETS
from tinynet.data.own.picture_folder import shape_of_pictures
from tinynet.data.own.text_file import WINDOW
from tinynet.models import MODELS
from tinynet.optimizers import SGD, Adam, CosineAnnealingLR, LinearWarmup, Optimizer

OPTIMIZERS = ("adam", "sgd")
OLD_NAMES = {"vectorized": "plain"}
VALID_FRACTION = 0.1  # of the training data, held out to look at while training
MOMENTUM = 0.9  # of SGD
STEPS = 400  # after which a language model writes words; on a short text, more of them only teach it by heart
EPOCHS_FOR_TEXT = (3, 20)
MAX_COUNT = 10**9
WARM_UP = 0.1  # the share of the steps in which the learning rate rises


class Recipe(NamedTuple):
    """Settings that were found to work well."""

    model: str
    epochs: int
    batch_size: int
    adam: float  #: The learning rate for Adam.
    sgd: float  #: The learning rate for SGD with momentum.


IN_THE_PLANE = Recipe("mlp", 60, 32, 0.005, 0.05)
FOR_DATA = {
    "digits": Recipe("digits_cnn", 30, 64, 0.003, 0.05),
    "mnist": Recipe("mnist_cnn", 3, 128, 0.002, 0.05),
    "fashion-mnist": Recipe("mnist_cnn", 5, 128, 0.002, 0.05),
    "cifar10": Recipe("vgg11", 15, 128, 0.001, 0.02),
}
FOR_KIND = {
    "pictures": Recipe("vgg11", 30, 32, 0.001, 0.02),
    "table": Recipe("mlp", 40, 32, 0.0005, 0.02),
    "text": Recipe("char_gpt", 0, 16, 0.002, 0.1),  # epochs follow from the length of the text
}
FOR_SMALLER = {"vgg11": (32, "mnist_cnn"), "mnist_cnn": (6, "digits_cnn")}  # the least side, and what takes less
FOR_MODEL: dict[str, dict[str, Any]] = {
    "mlp": {"epochs": 5, "batch_size": 64, "adam": 0.002},
    "conv_autoencoder": {"adam": 0.003, "sgd": 0.5},
}


@dataclass(frozen=True)
class Settings:
    """All that a run of `tinynet train` depends on, besides the versions and the machine."""

    dataset: str
    model: str
    epochs: int
    lr: float
    batch_size: int
    optimizer: str
    seed: int
    kernels: str
    own: Own | None = None  #: How data of a user's own are read; `dataset` is their path then.

    @property
    def title(self) -> str:
        """What is trained on what."""
        return f"{self.model} on {short_name(self.dataset)}"

    def command(self, out: str) -> str:
        """The command that repeats this run."""
        values = asdict(self)
        words = ["tinynet", "train", values.pop("dataset")]
        words += self.own.options() if self.own else []
        del values["own"]
        for name, value in values.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        return shlex.join([*words, "--out", out])

    def make_optimizer(self, n_samples: int) -> Optimizer:
        """The optimizer, with a learning rate that falls like a cosine to 0, after a rise in the first tenth."""
        n_steps = self.epochs * math.ceil(n_samples / self.batch_size)
        falling = CosineAnnealingLR(self.lr, T_max=n_steps)
        schedule = LinearWarmup(falling, n_steps=max(1, round(WARM_UP * n_steps)))
        return Adam(lr=schedule) if self.optimizer == "adam" else SGD(lr=schedule, momentum=MOMENTUM)


def choose(
    dataset: str,
    model: str | None = None,
    epochs: int | None = None,
    lr: float | None = None,
    batch_size: int | None = None,
    optimizer: str = "adam",
    seed: int = 0,
    kernels: str = "auto",
    own: Own | Mapping[str, Any] | None = None,
) -> Settings:
    """Check the given settings, and fill in the defaults.

    Raises:
        ValueError: A name does not exist, or a number is out of range.

    Example:
        >>> choose("mnist", "mlp").epochs, choose("mnist", "mlp", epochs=1).epochs
        (5, 1)
    """
    if own is None:
        known("data set", dataset, tuple(DATASETS))
    elif not isinstance(own, Own):
        own = own_of(own)
    known("optimizer", optimizer, OPTIMIZERS)
    recipe = FOR_KIND[own.kind] if own else FOR_DATA.get(dataset, IN_THE_PLANE)
    if model is None:
        model = recipe.model if own is None else _fitting(recipe.model, dataset, own)
    known("model", model, tuple(MODELS))
    _check_reads(model, own)
    if own is not None and own.kind == "text" and epochs is None:
        epochs = _epochs_for(dataset, own)
    if dataset in FOR_DATA and dataset != "digits":
        recipe = recipe._replace(**FOR_MODEL.get(model, {}))
    default_lr = recipe.adam if optimizer == "adam" else recipe.sgd
    return Settings(
        dataset,
        model,
        _count("--epochs", recipe.epochs if epochs is None else epochs),
        checks.number("tinynet", "--lr", default_lr if lr is None else lr, above=0),
        _count("--batch-size", recipe.batch_size if batch_size is None else batch_size),
        optimizer,
        checks.integer("tinynet", "--seed", seed, minimum=0),
        known_kernels(kernels),
        own,
    )


def _check_reads(model: str, own: Own | None) -> None:
    """Check that a model for texts gets a text, and any other something else."""
    has_text = own is not None and own.kind == "text"
    if MODELS[model].reads_text and not has_text:
        checks.fail("tinynet", f"{model} learns from a text.", f"name one: tinynet train TEXT.txt --model {model}")
    if has_text and not MODELS[model].reads_text:
        names = " or ".join(name for name, entry in MODELS.items() if entry.reads_text)
        checks.fail("tinynet", f"{model} cannot read a text.", f"take --model {names}.")


def _fitting(model: str, dataset: str, own: Own) -> str:
    """The model for own data, or where their pictures are too small for it, one that takes them."""
    side = min(shape_of_pictures(dataset, own.size)) if own.kind == "pictures" else math.inf
    while model in FOR_SMALLER and side < FOR_SMALLER[model][0]:
        model = FOR_SMALLER[model][1]
    return model


def _epochs_for(dataset: str, own: Own) -> int:
    """As many epochs as give a language model about STEPS steps, within limits."""
    n_steps = Path(dataset).stat().st_size / (FOR_KIND["text"].batch_size * (own.window or WINDOW))
    return int(np.clip(STEPS / max(n_steps, 1), *EPOCHS_FOR_TEXT))


def _count(name: str, value: int) -> int:
    """Check a number of something that a run can count to."""
    if checks.integer("tinynet", name, value, minimum=1) > MAX_COUNT:
        checks.fail("tinynet", f"{name} must be at most {MAX_COUNT:,}, got a number of {len(str(value))} digits.")
    return value


def known_kernels(name: str) -> str:
    """Check the name of what shall compute; runs of before have an older one."""
    return known("body of the kernels", OLD_NAMES.get(name, name), CHOICES)


def known(what: str, name: str, names: Sequence[str]) -> str:
    """Check that a name is one of those that exist; `what` says of what, as in "model"."""
    if name not in names:
        close = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}."
        checks.fail("tinynet", f"there is no {what} called {name!r}.", hint)
    return name
