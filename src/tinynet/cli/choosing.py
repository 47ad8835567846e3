"""Check the settings that a user gives, and fill in what is left out."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinynet.cli.augmenting import augmentation
from tinynet.cli.named import Named, check_options, known, named
from tinynet.cli.nets import source_of
from tinynet.cli.own import Own, own_of
from tinynet.cli.rules import optimizer_named, schedule_named, stopping_of, usual_rate
from tinynet.cli.settings import USUAL, Settings, learns, patience_of, usual_of
from tinynet.core import checks
from tinynet.core.faster import CHOICES
from tinynet.data import DATASETS
from tinynet.data.own.picture_folder import shape_of_pictures
from tinynet.data.own.text_file import WINDOW
from tinynet.models import MODELS

OLD_NAMES = {"vectorized": "plain"}
PRECISIONS = ("float32", "float64")
STEPS = 400  # after which a language model writes words; on a short text, more of them only teach it by heart
EPOCHS_FOR_TEXT = (3, 20)
STEPS_FOR_PAIRS = 2000  # after which a transformer has learned to write dates in another form, or strings backwards
EPOCHS_FOR_PAIRS = (3, 100)
MAX_COUNT = 10**9


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
    "dates": Recipe("seq2seq", 20, 64, 0.003, 0.1),
}
FOR_KIND = {
    "pictures": Recipe("vgg11", 30, 32, 0.001, 0.02),
    "table": Recipe("mlp", 40, 32, 0.0005, 0.02),
    "text": Recipe("char_gpt", 0, 16, 0.002, 0.1),  # epochs follow from the length of the text
    "pairs": Recipe("seq2seq", 0, 64, 0.003, 0.1),  # and here from the number of pairs
}
DRAWING = Recipe("dcgan", 100, 64, 0.001, 0.01)
EPOCHS_OF_DRAWING = {"mnist": 3, "fashion-mnist": 3, "cifar10": 10}
STEPS_OF_DRAWING = 2000  # on pictures of a user's own, within the limits below
LEAST_OF_DRAWING, MOST_OF_DRAWING = 3, 400  # epochs
BETAS_OF_DRAWING = (0.5, 0.999)  # of Adam: with a first one of 0.9, the two nets swing (Radford et al. 2016)
FOR_SMALLER = {"vgg11": (32, "mnist_cnn"), "mnist_cnn": (6, "digits_cnn")}  # the least side, and what takes less
FOR_MODEL: dict[str, dict[str, Any]] = {
    "mlp": {"epochs": 5, "batch_size": 64, "adam": 0.002},
    "conv_autoencoder": {"adam": 0.003, "sgd": 0.5},
}


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
    *,
    sizes: Mapping[str, Any] | None = None,
    net: str | None = None,
    net_sha256: str | None = None,
    **ways: Any,
) -> Settings:
    """Check the given settings, and fill in the defaults; `ways` are the last four of `Settings`.

    Raises:
        ValueError: A name does not exist, or a number is out of range.

    Example:
        >>> choose("mnist", "mlp").epochs, choose("mnist", "mlp", epochs=1).epochs
        (5, 1)
        >>> choose("digits", "mlp:hidden=64/32").sizes
        {'hidden': (64, 32)}
    """
    if own is None:
        known("data set", dataset, tuple(DATASETS))
    elif not isinstance(own, Own):
        own = own_of(own)
    rule = optimizer_named(optimizer)
    recipe = FOR_KIND[own.kind] if own else FOR_DATA.get(dataset, IN_THE_PLANE)
    model, net, arguments = _net(net, _fitting(recipe.model, dataset, own) if model is None else model, sizes, own)
    if own is not None and epochs is None and recipe.epochs == 0:
        epochs = _epochs_for(dataset, own)
    recipe, rule = _suited(model, recipe, rule, dataset, own)
    usual = usual_rate(rule.name, recipe.adam, recipe.sgd)
    return Settings(
        dataset,
        model,
        _count("--epochs", recipe.epochs if epochs is None else epochs),
        checks.number("tinynet", "--lr", usual if lr is None else lr, above=0),
        _count("--batch-size", recipe.batch_size if batch_size is None else batch_size),
        str(rule),
        checks.integer("tinynet", "--seed", seed, minimum=0),
        known_kernels(kernels),
        own,
        arguments,
        net,
        net_sha256,
        **_ways(model, **ways),
    )


def _ways(
    model: str,
    schedule: str | None = None,
    augment: Sequence[str] | None = None,
    early_stopping: str | None = None,
    precision: str = USUAL["precision"],
) -> dict[str, Any]:
    """Check how the training goes, besides its numbers."""
    if schedule is None:
        schedule = usual_of(model)["schedule"]
    checks.one_of("tinynet", "--precision", precision, PRECISIONS)
    if schedule_named(schedule).name == "plateau":
        check_loss_decides(model, "--schedule plateau")
    if early_stopping is not None:
        check_loss_decides(model, "--early-stopping")
        stopping_of(patience_of(checks.text("tinynet", "--early-stopping", early_stopping)))
    augmentations = tuple(str(augmentation(each)) for each in augment or ())
    return dict(schedule=schedule, augment=augmentations, early_stopping=early_stopping, precision=precision)


def _suited(model: str, recipe: Recipe, rule: Named, dataset: str, own: Own | None) -> tuple[Recipe, Named]:
    """The recipe and the optimizer of certain data, as they suit a model."""
    if learns(model) == "judge":
        if rule.name == "adam":
            rule = rule._replace(options={"betas": BETAS_OF_DRAWING} | rule.options)
        return DRAWING._replace(epochs=_epochs_of_drawing(dataset, own)), rule
    large = dataset in FOR_DATA and dataset != "digits"
    return (recipe._replace(**FOR_MODEL.get(model, {})) if large else recipe), rule


def check_loss_decides(model: str, what: str) -> None:
    """Check that a lower loss of a model means a better net, for something that goes by the loss.

    Raises:
        ValueError: It does not: the loss of a generator is measured against its own discriminator.
    """
    if learns(model) == "judge":
        problem = f"{what} goes by the loss, but a low one of {model} may only mean that its discriminator errs."
        checks.fail("tinynet", problem, "look at what a run draws instead: tinynet draw RUN.")


def _net(
    net: str | None, model: str, sizes: Mapping[str, Any] | None, own: Own | None
) -> tuple[str, str | None, dict[str, Any]]:
    """The name of what is trained, the file that it comes from if it is a user's own, and its sizes."""
    if net is not None:
        source = source_of(net)
        return source.path.name, source.place, _tuples({**source.options, **(sizes or {})})
    chosen = _model(model, sizes)
    _check_reads(chosen.name, own)
    return chosen.name, None, chosen.options


def _model(text: str, sizes: Mapping[str, Any] | None) -> Named:
    """A model and its sizes, as in "vgg11:width=32"."""
    found = named("model", text, tuple(MODELS))
    given = found.options | _tuples(sizes or {})
    check_options(found.name, given, sizes_of(found.name))
    usual = inspect.signature(MODELS[found.name].function).parameters
    lists = [name for name in given if isinstance(usual[name].default, tuple) and isinstance(given[name], int)]
    return Named(found.name, given | {name: (given[name],) for name in lists})


def sizes_of(model: str) -> list[str]:
    """The arguments of a model that data do not tell.

    Example:
        >>> sizes_of("vgg11"), sizes_of("mlp")
        (['width'], ['hidden'])
    """
    return [name for name in inspect.signature(MODELS[model].function).parameters if name not in MODELS[model].by_data]


def _tuples(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes as they were before they were written into a file."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sizes.items()}


def _check_reads(model: str, own: Own | None) -> None:
    """Check that a model for texts gets a text, and any other something else."""
    has_text = own is not None and own.kind == "text"
    if MODELS[model].reads_text and not has_text:
        checks.fail("tinynet", f"{model} learns from a text.", f"name one: tinynet train TEXT.txt --model {model}")
    if has_text and not MODELS[model].reads_text:
        names = " or ".join(name for name, entry in MODELS.items() if entry.reads_text)
        checks.fail("tinynet", f"{model} cannot read a text.", f"take --model {names}.")


def _fitting(model: str, dataset: str, own: Own | None) -> str:
    """The model for own data, or where their pictures are too small for it, one that takes them."""
    is_pictures = own is not None and own.kind == "pictures"
    side = min(shape_of_pictures(dataset, own.size)) if own is not None and is_pictures else math.inf
    while model in FOR_SMALLER and side < FOR_SMALLER[model][0]:
        model = FOR_SMALLER[model][1]
    return model


def _epochs_for(dataset: str, own: Own) -> int:
    """As many epochs as give a model of texts about as many steps as it needs, within limits."""
    if own.kind == "pairs":
        n_steps = Path(dataset).read_bytes().count(b"\n") / FOR_KIND["pairs"].batch_size
        return int(np.clip(STEPS_FOR_PAIRS / max(n_steps, 1), *EPOCHS_FOR_PAIRS))
    n_steps = Path(dataset).stat().st_size / (FOR_KIND["text"].batch_size * (own.window or WINDOW))
    return int(np.clip(STEPS / max(n_steps, 1), *EPOCHS_FOR_TEXT))


def _epochs_of_drawing(dataset: str, own: Own | None) -> int:
    """For a net that draws, as many epochs as give a folder of pictures about STEPS_OF_DRAWING steps, within limits."""
    if own is None or own.kind != "pictures":
        return EPOCHS_OF_DRAWING.get(dataset, DRAWING.epochs)
    n_steps = sum(len(files) for _, _, files in os.walk(dataset)) / DRAWING.batch_size
    return int(np.clip(STEPS_OF_DRAWING / max(n_steps, 1), LEAST_OF_DRAWING, MOST_OF_DRAWING))


def _count(name: str, value: int) -> int:
    """Check a number of something that a run can count to."""
    if checks.integer("tinynet", name, value, minimum=1) > MAX_COUNT:
        checks.fail("tinynet", f"{name} must be at most {MAX_COUNT:,}, got a number of {len(str(value))} digits.")
    return value


def known_kernels(name: str) -> str:
    """Check the name of what shall compute; runs of before have an older one."""
    return known("body of the kernels", OLD_NAMES.get(name, name), CHOICES)
