"""What the commands say and write."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from tinynet.cli import tasks, training
from tinynet.cli.adversaries import course_of, is_judged, net_of
from tinynet.cli.choosing import FOR_DATA, IN_THE_PLANE
from tinynet.cli.drawing import drawn_section
from tinynet.cli.named import known
from tinynet.cli.output import given_path
from tinynet.cli.own import short_name
from tinynet.cli.own_data import Data
from tinynet.cli.runs import CONFIG, FILES, KINDS, REPORT, Run, layers_of, open_run
from tinynet.cli.settings import Settings, how
from tinynet.cli.translating import what_it_writes
from tinynet.core.checks.words import fail
from tinynet.data import DATASETS
from tinynet.layers import Linear
from tinynet.learner import Learner
from tinynet.learner.doctor import diagnose
from tinynet.models import MODELS, build
from tinynet.net import Net
from tinynet.storage import load, read_card


def beginning(settings: Settings, learner: Learner, data: Data) -> str:
    """What is going to be trained, in two lines, and what was seen in a user's own data."""
    n_parameters = sum(parameter.size for parameter in net_of(learner).parameters().values())
    parts = {"to learn from": learner.train, "for validation": learner.valid, "for the test": data.test}
    samples = ", ".join(f"{len(part):,} {name}" for name, part in parts.items() if part is not None)
    seen = "".join(f"\n{words}" for words in getattr(data.preparation, "words", ()))
    return (
        f"{settings.model} ({n_parameters:,} parameters) on {short_name(settings.dataset)}: {how(settings)}\n{samples}"
        + seen
    )


def results_line(results: dict[str, float], n_samples: int) -> str:
    """The numbers of a test, in a line."""
    numbers = dict(results)
    words = [f"accuracy {numbers.pop('accuracy'):.2%}"] if "accuracy" in numbers else []
    words += [f"{name} {_number(value)}" for name, value in numbers.items()]
    return f"test {', '.join(words)} ({n_samples:,} samples)"


def _number(value: float) -> str:
    """A number with four digits behind its point, in groups of three where it is large, by its power of ten beyond."""
    if abs(value) < 1000:
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"


def write_report(run: Run, learner: Learner, test: Any) -> Path:
    """Write report.html into a run folder; the learner is the one that has trained, or `training.reopened`."""
    from tinynet.visualize import report  # here, because it takes longer to load than most commands take to run

    model = run.settings.model
    net = net_of(learner)
    results = run.config.get("test") or training.evaluate(run.settings, net, test, run.preparation())
    return report(
        run.folder / REPORT,
        net,
        history=learner.history,
        test=tasks.for_model(model, test, net),
        loss=tasks.loss_and_metrics(model, test)[0],
        metrics=results,
        title=run.settings.title,
        config=_settings_shown(run),
        command=str(run.config.get("command", "")),
        initial=training.initial_net(run.settings, run.input_shape, len(run.classes), run.code),
        statistics=run.statistics(),
        diagnoses=diagnose(learner, may_try=False),
        course=course_of(results) if is_judged(net) else None,
        sections=[("What it writes", what_it_writes) if tasks.has_pairs(test) else ("Drawn pictures", drawn_section)],
    )


def _settings_shown(run: Run) -> dict[str, Any]:
    """The settings of a run for its page."""
    hidden = ("command", "format", "test", "own")
    shown = {name: value for name, value in run.config.items() if name not in hidden and value not in (None, [], {})}
    own = run.settings.own
    return shown if own is None else shown | {"data": " ".join([own.kind, *own.options()])}


def summary_text(what: str, shape_text: str | None, net_file: str | None = None) -> str:
    """The layers of a model, of a run, or of a weights file, as a table."""
    net, shape = network(what, shape_text, net_file)
    return str(net.summary(shape))


def network(what: str, shape_text: str | None, net_file: str | None = None) -> tuple[Net, Any]:
    """A model by its name, the network of a run or of a weights file; and the shape of one sample, a list of a pair."""
    shape = None if shape_text is None else _input_shape(shape_text)
    path = _path_of(what)
    if path is None:
        shape = MODELS[what].input_shape if shape is None else shape
        net = build(what, shape)
        return net, tasks.inputs_of(net, what, (), shape)
    if path.is_dir():
        run = open_run(path, net_file)
        net, shape = run.net(), run.input_shape if shape is None else shape
        return net, tasks.inputs_of(net, run.settings.model, run.classes, shape)
    return _of_file(path, shape, net_file)


def loaded_net(what: str, net_file: str | None = None) -> Net:
    """A model by its name with new weights, or the network of a run or of a weights file."""
    path = _path_of(what)
    if path is None:
        return build(what)
    return open_run(path, net_file).net() if path.is_dir() else _loaded(path, net_file)


def class_names(what: str) -> list[str] | None:
    """The names of the classes that a run or a weights file knows."""
    path = _path_of(what)
    if path is None:
        return None
    classes = open_run(path).classes if path.is_dir() else read_card(path).about.get("classes")
    return [str(name) for name in classes] if isinstance(classes, list) else None


def models_table() -> None:
    """Print the models."""
    table = Table("model", "input", "parameters", "what it is", box=None, pad_edge=False)
    for name, entry in MODELS.items():
        n_parameters = sum(parameter.size for parameter in build(name).parameters().values())
        shape = "×".join(str(size) for size in entry.input_shape)
        table.add_row(name, shape, f"{n_parameters:,}", entry.description)
    table.columns[2].justify = "right"
    Console().print(table)


def datasets_table() -> None:
    """Print the data sets."""
    table = Table("data set", "model by default", "what it is", box=None, pad_edge=False)
    for name, entry in DATASETS.items():
        table.add_row(name, FOR_DATA.get(name, IN_THE_PLANE).model, entry.description)
    Console().print(table)
    Console().print(
        "or your own: a folder of pictures, a table, a text, pairs of texts; see tinynet train --help", highlight=False
    )


def _path_of(what: str) -> Path | None:
    """The run or the file that is named; None if it is a model."""
    path = given_path(what)
    if what in MODELS:
        return None
    if not path.exists():
        if path.suffix or len(path.parts) > 1:
            _nothing_there(what)
        known("model", what, tuple(MODELS))
    return path


def _loaded(path: Path, net_file: str | None) -> Any:
    return load(path, layers_of(net_file))


def _of_file(path: Path, shape: tuple[int, ...] | None, net_file: str | None) -> tuple[Net, Any]:
    net = _loaded(path, net_file)
    if shape is None and path.name in FILES and (path.parent / CONFIG).exists():
        shape = open_run(path.parent).input_shape
    about = read_card(path).about
    said: Any = about.get("input_shape")
    if shape is None and KINDS["input_shape"][0](said):
        shape = tuple(said)
    if shape is None and not is_judged(net):
        first = next((layer for layer in net if not isinstance(layer, Net)), None) if isinstance(net, Net) else net
        shape = (first.in_features,) if isinstance(first, Linear) else _shape_needed(path)
    classes = about.get("classes")
    return net, tasks.inputs_of(net, str(about.get("model")), classes if isinstance(classes, list) else (), shape or ())


def _input_shape(text: str) -> tuple[int, ...]:
    """Turn a text such as 1,28,28 into a shape."""
    sizes = text.replace("x", ",").replace("×", ",").strip("() ").split(",")
    if not all(size.strip().isdecimal() and int(size) for size in sizes):
        fail("tinynet", f"--input-shape must be sizes such as 1,28,28, got {text!r}.")
    return tuple(int(size) for size in sizes)


def _shape_needed(path: Path) -> NoReturn:
    """A file of weights alone does not tell what goes in."""
    fail("tinynet", f"{path} does not tell the shape of its input.", "add it, as in --input-shape 1,28,28.")


def _nothing_there(what: str) -> NoReturn:
    """A model, a run or a file was expected, and it is none of them."""
    fail("tinynet", f"there is no model, run folder or weights file {what}.", "tinynet models lists the models.")
