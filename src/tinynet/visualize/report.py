"""The report of a run: everything that there is to see, on one page."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Conv2D
from tinynet.net import Net
from tinynet.net.summary import net_html
from tinynet.storage import atomic_write
from tinynet.visualize.boundary import decision_boundary, fit_curve
from tinynet.visualize.confusion import confusion_matrix
from tinynet.visualize.curves import learning_curves
from tinynet.visualize.diagram import network_diagram
from tinynet.visualize.histograms import gradient_histograms, weight_histograms
from tinynet.visualize.inside import feature_maps, filters
from tinynet.visualize.mistakes import draw_confident, draw_misclassified
from tinynet.visualize.page import Section, command_line, image, page, settings_table
from tinynet.visualize.readings import class_names, read
from tinynet.visualize.reconstruction import reconstructions
from tinynet.visualize.style import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI, SHOWN_DPI = 144, 96  # They are drawn finer than shown, for high-resolution screens.
MAX_PIXELS = 6e6  # of a picture; the feature maps of a deep net are drawn coarser, so that the page stays small
BATCH = 128  # samples for the gradient histograms


def report(
    path: str | os.PathLike[str],
    net: Net,
    *,
    history: Any = None,
    test: Any = None,
    loss: Callable | None = None,
    metrics: dict[str, Any] | None = None,
    title: str = "A Tinynet run",
    config: dict[str, Any] | None = None,
    command: str = "",
) -> Path:
    """Write one self-contained HTML page about a trained net: it needs no network, no other file and no JavaScript.

    What does not apply is left out: mistakes where the data are not labelled images, filters where there is no
    convolution, and so on. The page is written whole or not at all, so an earlier one survives a failure.

    Args:
        path: Where to write it, as in "report.html".
        net: The trained net.
        history: What `Learner.fit` returned, for the learning curves.
        test: The data set to look at predictions on; without it, only the weights and the layers are shown.
        loss: The loss, for the gradients of a batch of `test`.
        metrics: The final numbers, as `learner.evaluate(test)` gives them.
        title: The heading.
        config: The settings of the run.
        command: The command line that repeats the run.

    Returns:
        The path.

    Raises:
        OSError: The page cannot be written there.
        TypeError: `net` is not a Net.
        ValueError: The data do not fit the net.

    Example:
        >>> import tempfile
        >>> from tinynet.layers import Flatten, Linear
        >>> net = Net([Flatten(), Linear(64, 10)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     report(Path(folder, "report.html"), net, test=tn.data.digits()[1].subset(slice(20))).name
        'report.html'
    """
    if not isinstance(net, Net):
        checks.fail("report", f"net must be a Net, got {type(net).__name__}.", "wrap it as Net([layer]).", TypeError)
    _place_for_a_page(path)
    run = _Run(net, history, test, loss)
    sections = [*_result_sections(run), *_inside_sections(run), _network_section(run)]
    if config or command:
        sections.append(_settings_section(config or {}, command))
    now = datetime.now().astimezone()
    lead = f"{type(net).__name__} with {_n_parameters(net):,} parameters{_data_words(test)}. {now:%d %B %Y, %H:%M}."
    foot = f"Written by Tinynet on Python {platform.python_version()} with NumPy {np.__version__}."
    text = page(title, lead, _numbers(run, metrics or {}), sections, foot)
    atomic_write(path, text, who="report")
    return Path(path)


@dataclass(frozen=True)
class _Run:
    """What a report is about, and which pictures apply to it."""

    net: Net
    history: Any
    test: Any
    loss: Callable | None

    def batch(self, n: int) -> tuple[Any, Any]:
        """The first n samples of the test data."""
        return self.test[np.arange(min(n, len(self.test)))]

    def kind(self) -> str:
        """What the net does with the test data, in a word; empty if it is none of the known things."""
        if self.test is None:
            return ""
        x, y = self.batch(2)
        if isinstance(x, tuple) or isinstance(y, tuple):
            return ""
        predicted = self.net.predict(x)
        if isinstance(predicted, tuple):
            return ""
        shape = np.shape(predicted)[1:]
        labels = y.ndim == 1 and y.dtype.kind in "iu"
        if x.shape[1:] == (2,) and labels:
            return "plane"
        if labels and len(shape) == 1 and shape[0] > 1:
            return "images" if x.ndim == 4 else "classes"
        if x.ndim == 4 and np.prod(shape) == np.prod(x.shape[1:]):
            return "autoencoder"
        return "curve" if x[0].size == y[0].size == np.prod(shape) == 1 else ""


def _result_sections(run: _Run) -> Iterator[Section]:
    if run.history is not None and run.history.rows:
        words = "Training numbers are means over an epoch while the net was learning, validation numbers come after it."
        yield Section("Learning curves", words, _picture(learning_curves(run.history), "learning curves"))
    kind = run.kind()
    if kind == "plane":
        words = "The colour of a place is the class that the net gives it; the surer, the stronger."
        yield Section("Decision boundary", words, _picture(decision_boundary(run.net, run.test), "decision boundary"))
    if kind == "curve":
        words = "The samples, and what the net makes of every number in between."
        yield Section("Fit", words, _picture(fit_curve(run.net, run.test), "fitted curve"))
    if kind == "autoencoder":
        words = "Above, images of the test data; below, what the net makes of them."
        yield Section("Reconstructions", words, _picture(reconstructions(run.net, run.test), "reconstructions"))
    if kind in ("images", "classes", "plane"):
        yield from _mistake_sections(run, with_images=kind == "images")


def _mistake_sections(run: _Run, with_images: bool) -> Iterator[Section]:
    if run.net.predict(run.batch(1)[0]).shape[-1] < 2:
        return  # one output for two classes
    reading = read("report", run.net, run.test)
    words = "Rows are true classes, columns what they were taken for; on the right, how much of each was recognised."
    drawn = confusion_matrix(reading.matrix(), class_names(run.test))
    yield Section("Confusion matrix", words, _picture(drawn, "confusion matrix"))
    if with_images:
        words = "What the net said and how surely, and the truth. Wrong labels and odd samples show up here."
        html = _picture(draw_confident(reading, run.test, 16), "the most confident mistakes")
        html += _picture(draw_misclassified(reading, run.test, 36), "misclassified samples")
        yield Section("Mistakes", words, html)


def _inside_sections(run: _Run) -> Iterator[Section]:
    if any(isinstance(layer, Conv2D) for _, layer in run.net.layers_inside()):
        words = "The patterns that the first convolution answers to."
        yield Section("Filters", words, _picture(filters(run.net), "filters"))
    if run.test is not None and isinstance(run.batch(1)[0], np.ndarray) and run.batch(1)[0].ndim == 4:
        words = "The first sample of the test data, layer by layer. Each layer has its own scale, from dark to bright."
        drawn = feature_maps(run.net, run.batch(1)[0][0])
        yield Section("Feature maps", words, _picture(drawn, "feature maps"))
    if run.net.parameters():
        words = (
            "A panel per weight: weights that stay near their initial spread learned little, spikes at zero do nothing."
        )
        html = _picture(weight_histograms(run.net), "weight histograms")
        if run.loss is not None and run.test is not None:
            x, y = run.batch(BATCH)
            html += _picture(gradient_histograms(run.net, x, y, run.loss), "gradient histograms")
        yield Section("Weights and gradients", words, html)


def _network_section(run: _Run) -> Section:
    words = (
        "Each layer with its output shape, parameters, multiplications, memory and formula; N is the number of samples."
    )
    if run.test is None:
        return Section("Network", words, f'<div class="table">{net_html(run.net)}</div>')
    x, _ = run.batch(1)
    input_shape = [part.shape[1:] for part in x] if isinstance(x, tuple) else x.shape[1:]
    html = _picture(network_diagram(run.net, input_shape), "diagram of the network")
    table = run.net.summary(input_shape)._repr_html_()
    return Section("Network", words, f'{html}<div class="table">{table}</div>')


def _settings_section(config: dict[str, Any], command: str) -> Section:
    settings = {
        str(name): value if isinstance(value, str) else json.dumps(value, default=repr)
        for name, value in config.items()
    }
    html = settings_table(settings) if settings else ""
    html += command_line(command) if command else ""
    return Section(
        "Repeat this run", "With these settings, the same machine and number of threads give the same net.", html
    )


def _numbers(run: _Run, metrics: dict[str, Any]) -> dict[str, str]:
    """The large numbers at the top: the test metrics, the best one first, then the size of the run."""
    scalars = {name: float(value) for name, value in metrics.items() if np.ndim(value) == 0}
    names = sorted(scalars, key=lambda name: name == "loss")
    numbers = {f"test {name.replace('_', ' ')}": _number_text(name, scalars[name]) for name in names}
    if run.history is not None and run.history.rows:
        numbers["epochs"] = str(len(run.history.rows))
        seconds = sum(row.get("seconds", 0) for row in run.history.rows)
        if seconds:
            numbers["training time"] = f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
    numbers["parameters"] = f"{_n_parameters(run.net):,}"
    return numbers


def _number_text(name: str, value: float) -> str:
    return f"{100 * value:.2f} %" if "accuracy" in name and 0 <= value <= 1 else f"{value:.4g}"


def _n_parameters(net: Net) -> int:
    return sum(parameter.size for parameter in net.parameters().values())


def _data_words(test: Any) -> str:
    return "" if test is None else f", tested on {len(test):,} samples"


def _picture(figure: Figure, description: str) -> str:
    width, height = figure.get_size_inches()
    dpi = min(DPI, np.sqrt(MAX_PIXELS / (width * height)))
    return image(png(figure, dpi), round(width * SHOWN_DPI), f"Picture: {description}")


def _place_for_a_page(path: str | os.PathLike[str]) -> None:
    """Check that a page would not take the place of something else, such as the weights of the net."""
    target = checks.path("report", path)
    if os.path.isdir(target):
        hint = f"name the page too, as in {str(target / 'report.html')!r}."
        checks.fail("report", f"{str(target)!r} is a folder, not a file; nothing was changed.", hint, IsADirectoryError)
    if target.suffix.lower() in (".html", ".htm") or not os.path.isfile(target) or not os.path.getsize(target):
        return
    with open(target, "rb") as file:
        is_page = file.read(100).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    if not is_page:
        problem = f"{str(target)!r} is no HTML page, so no page takes its place; nothing was changed."
        hint = f"choose another name, as in {str(target.with_name('report.html'))!r}."
        checks.fail("report", problem, hint, FileExistsError)
