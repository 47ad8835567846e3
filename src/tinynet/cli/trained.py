"""A trained net with what must be known to use it: that of a run, or of a weights file with its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tinynet.cli.arguments import RunOrFile
from tinynet.cli.choosing import known_kernels
from tinynet.cli.named import known
from tinynet.cli.output import say
from tinynet.cli.own import Own, existing, short_name
from tinynet.cli.own_data import read_parts
from tinynet.cli.runs import CONFIG, FILES, KINDS, MODEL, Run, layers_of, open_run
from tinynet.cli.tasks import input_shape_of, reads_pairs
from tinynet.cli.translating import named_pairs
from tinynet.core.checks.words import fail
from tinynet.data import DATASETS, PicturePreparation, load
from tinynet.models import MODELS
from tinynet.net import Net
from tinynet.storage import load as load_net
from tinynet.storage import read_card


class Trained(NamedTuple):
    """A net, and what it was trained for.

    Attributes:
        place: The run or the file.
        net: The net.
        dataset: What it learned from.
        model: Its name in the list of models.
        input_shape: The shape of one sample.
        classes: Their names.
        kernels: What computed it.
    """

    place: Path
    net: Net
    dataset: str
    model: str
    input_shape: tuple[int, ...]
    classes: list[str]
    kernels: str
    own: Own | None = None  #: How data of a user's own were read, if it learned from such.
    preparation: Any = None  #: What is done to a sample of these first.
    data_source: str = ""  #: What these were, in words.
    tested_on: Path | None = None  #: Data of a user's own that it is to be tested on instead.

    def used_kernels(self, asked: str | None) -> str:
        """The body of the kernels that was asked for, or that the net was trained with."""
        return self.kernels if asked is None else known_kernels(asked)


def test_data(opened: Trained) -> Any:
    """The data to test a net on: the test part of what it learned from, or all of other data."""
    path, own = opened.tested_on, opened.own
    if path is None:
        return load(opened.dataset)[1] if own is None else read_parts(opened.dataset, own, opened.preparation).test
    if opened.preparation is None and len(opened.input_shape) != 3:
        fail("tinynet", f"this net was trained on {opened.dataset}, so {path} cannot be prepared for it.")
    preparation = opened.preparation or PicturePreparation(opened.input_shape, opened.classes)  # type: ignore[arg-type]
    data = preparation.dataset(path)
    if data.source == opened.data_source:  # what it learned from, at another place
        return preparation.parts(path)[1]
    return data


def trained(place: Path, dataset: str | None = None, net: str | None = None) -> Trained:
    """The net of a run, or of a weights file.

    Args:
        place: The folder of a run, or a file.
        dataset: The data that it is used on, where others than it learned from, or where its card names none.
        net: The file of a net of the user's own, which is run.
    """
    is_of_run = place.is_dir() or (place.name in FILES and (place.parent / CONFIG).exists())
    if not is_of_run and (place.exists() or place.suffix):
        return _of_file(place, dataset, net)
    run = open_run(place, net)
    found = _of_run(run)
    if dataset is None:
        return found
    if dataset not in DATASETS and (path := existing(dataset)) is not None:
        return found if str(path.absolute()) == found.dataset else found._replace(tested_on=path)
    other = _of_data(dataset)
    if reads_pairs(found.model, found.classes) and other["classes"] != found.classes:
        problem = f"{dataset} is not made of the characters that the net of {place} has learned."
        fail("tinynet", problem, "test it on pairs of these: --on PAIRS.txt")
    return found._replace(dataset=dataset, own=None, input_shape=tuple(other["input_shape"]), classes=other["classes"])


def card_of(run_config: dict[str, Any], results: dict[str, float]) -> dict[str, Any]:
    """The card that the net of a run is saved with."""
    names = ("model", "input_shape", "classes", "data_source", "seed", "epochs", "optimizer", "lr", "batch_size")
    own, data = run_config.get("own"), run_config["dataset"]  # older runs say nothing about own data
    about = {"data": data if own is None else f"own {own['kind']}: {short_name(data)}", "results": results}
    return about | {name: run_config[name] for name in names}  # no path, so that equal runs write equal files


def card(place: RunOrFile) -> None:
    """Show the card of a saved network: layers, data, results, seed, versions, and how to load it.

    Example: **tinynet card runs/digits-mlp-1**
    """
    say(str(read_card(place / MODEL if place.is_dir() else place)))


def _of_run(run: Run) -> Trained:
    settings, net = run.settings, run.net()
    return Trained(
        run.folder,
        net,
        settings.dataset,
        settings.model,
        run.input_shape,
        run.classes,
        settings.kernels,
        settings.own,
        _preparation(settings.model, net, run.input_shape, run.classes) if settings.own is None else run.preparation(),
        str(run.config.get("data_source", "")),
    )


def _of_file(path: Path, dataset: str | None, net_file: str | None) -> Trained:
    net, about = load_net(path, layers_of(net_file)), read_card(path).about
    words = about if dataset is None else about | _of_data(dataset)
    if not isinstance(words.get("data"), str) or words["data"] not in DATASETS:
        _unknown_data(path)
    for name in ("input_shape", "classes"):
        is_right, expected = KINDS[name]
        if not is_right(words.get(name)):
            fail("tinynet", f"the card of {path} is of no use: {name} must be {expected}.", "add --on DATASET.")
    net = net if isinstance(net, Net) else Net([net])
    model = words["model"] if words.get("model") in list(MODELS) else "mlp"
    input_shape, classes = tuple(words["input_shape"]), [str(name) for name in words["classes"]]
    preparation = _preparation(model, net, input_shape, classes)
    return Trained(path, net, words["data"], model, input_shape, classes, "auto", preparation=preparation)


def _preparation(model: str, net: Net, input_shape: tuple[int, ...], classes: list[str]) -> Any:
    """What is done to a sample of a data set of Tinynet, if it is a text; None for other data."""
    return named_pairs(net, input_shape, classes) if reads_pairs(model, classes) else None


def _of_data(dataset: str) -> dict[str, Any]:
    """What a data set says to those who learn from it."""
    train, _ = load(known("data set", dataset, tuple(DATASETS)))
    return {"data": dataset, "input_shape": list(input_shape_of(train)), "classes": list(train.classes or ())}


def _unknown_data(path: Path) -> NoReturn:
    """The card of a file does not say what its net learned from."""
    hint = "add it, as in --on digits; after own data, name the folder of the run, which has their preparation."
    fail("tinynet", f"the card of {path} does not tell what its net learned from.", hint)
