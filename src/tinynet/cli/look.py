"""What `tinynet look` does: a picture of what the network of a run has learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import typer

from tinynet.cli import completing, tasks
from tinynet.cli.adversaries import is_judged
from tinynet.cli.arguments import NetOfRun, RunFolder
from tinynet.cli.choosing import check_loss_decides
from tinynet.cli.named import known
from tinynet.cli.output import given_path, say
from tinynet.cli.predicting import prepared
from tinynet.cli.runs import Run, open_run
from tinynet.core import checks
from tinynet.core.faster import use
from tinynet.data.own.pair_file import PADDING, SIGNS
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.probe import interpret
from tinynet.probe.interpret import Attribution
from tinynet.probe.interpret.inside import has_convolutions
from tinynet.storage import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST = 4  # samples that are shown if none is named
IN_LANDSCAPE = 500  # samples on which the loss is computed


class Asked(NamedTuple):
    """What is to be drawn."""

    run: Run
    net: Net
    test: Any
    x: Any  #: The samples that are asked about.
    names: list[str]  #: What each is called.
    target: int | None
    layer: str | None
    classes: list[str]  #: The names of what the net gives.


def _about_samples(*methods: str) -> Callable[[Asked], Figure]:
    """The picture of attributions by one or several methods."""

    def draw(asked: Asked) -> Figure:
        from tinynet.visualize import attributions

        found = [_attribution(method, asked) for method in methods if len(methods) == 1 or _fits(method, asked)]
        classes = asked.classes if found[0].output_shape == (len(asked.classes),) else None
        for name, target, score in zip(asked.names, found[0].target, found[0].scores, strict=True):
            say(f"{name}: the score{'' if classes is None else f' of {classes[target]}'} is {score:.4g}")
        for note in dict.fromkeys(note for each in found for note in each.notes):
            say(f"  {note}")
        return attributions(*found, classes=classes)

    return draw


def _attribution(method: str, asked: Asked) -> Attribution:
    if method == "deconvnet":
        return interpret.deconvnet(asked.net, asked.x, asked.layer)
    if method == "grad_cam":
        return interpret.grad_cam(asked.net, asked.x, asked.target, layer=asked.layer)
    return getattr(interpret, method)(asked.net, asked.x, asked.target)


def _fits(method: str, asked: Asked) -> bool:
    return method != "grad_cam" or asked.layer is not None or has_convolutions(asked.net)


def _attention(asked: Asked) -> Figure:
    """Where the first of the samples is read from, without the padding after it."""
    from tinynet.visualize import attention_maps

    inputs, words, name = [part[:1] for part in as_tuple(asked.x)], asked.run.classes, asked.names[0]
    if len(inputs) == 1:
        say(f"{name} is drawn")
        return attention_maps(asked.net, *inputs, words=words if inputs[0].dtype.kind in "iu" else None)
    say(f"{name} is drawn; {BEGIN} is the start of a text, {STOP} its end")
    inputs = [part[:, part[0] != PADDING] for part in inputs]
    return attention_maps(asked.net, *inputs, words=["", BEGIN, STOP, *words[len(SIGNS) :]])


def _maximized(asked: Asked) -> Figure:
    from tinynet.visualize import activation_maximization

    names = asked.classes if asked.layer is None else None
    shape = asked.run.input_shape
    return activation_maximization(asked.net, shape, asked.target, layer=asked.layer, classes=names)


def _embedding(method: str) -> Callable[[Asked], Figure]:
    def draw(asked: Asked) -> Figure:
        from tinynet.visualize import embedding_map

        return embedding_map(asked.net, asked.test, asked.layer, method=method)

    return draw


def _landscape(asked: Asked) -> Figure:
    from tinynet.visualize import loss_landscape

    check_loss_decides(asked.run.settings.model, "--method landscape")
    data = tasks.for_model(asked.run.settings.model, asked.test, asked.net)
    loss, _ = tasks.loss_and_metrics(asked.run.settings.model, asked.test)
    return loss_landscape(asked.net, loss, *data[np.arange(min(len(data), IN_LANDSCAPE))])


def _checked(asked: Asked) -> Figure:
    from tinynet.visualize import randomization_check

    return randomization_check(asked.net, asked.x, asked.target)


def _boundary(asked: Asked) -> Figure:
    from tinynet.visualize import decision_boundary

    return decision_boundary(asked.net, asked.test)


EACH: tuple[str, ...] = (
    "saliency",
    "smooth_grad",
    "integrated_gradients",
    "guided_backpropagation",
    "deconvnet",
    "grad_cam",
    "occlusion",
)
BEGIN, STOP = "⊢", "⊣"  # as narrow as a character, so that they find room at an axis
PAIRS = ("attention", "landscape")  #: What can be drawn of a net for pairs of texts.
METHODS: dict[str, Callable[[Asked], Any]] = {
    "all": _about_samples(*EACH),
    "saliency": _about_samples("saliency"),
    "smoothgrad": _about_samples("smooth_grad"),
    "integrated": _about_samples("integrated_gradients"),
    "guided": _about_samples("guided_backpropagation"),
    "deconvnet": _about_samples("deconvnet"),
    "gradcam": _about_samples("grad_cam"),
    "occlusion": _about_samples("occlusion"),
    "attention": _attention,
    "maximize": _maximized,
    "check": _checked,
    "pca": _embedding("pca"),
    "tsne": _embedding("tsne"),
    "landscape": _landscape,
    "boundary": _boundary,
}


def look(
    run: RunFolder,
    method: Annotated[
        str, typer.Option(help=f"What to draw: {', '.join(METHODS)}.", autocompletion=completing.one_of(METHODS))
    ] = "all",
    sample: Annotated[
        list[int] | None,
        typer.Option(help="The number of a test sample; may be given several times.", show_default="the first four"),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A picture file in place of test samples.", parser=given_path),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The class whose score is explained.", show_default="the one predicted")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="The path of a layer, as tinynet summary shows it.", show_default="by method")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The picture to write.", show_default="look-METHOD.png in the run", parser=given_path
        ),
    ] = None,
    net: NetOfRun = None,
) -> None:
    """Draw what a network has learned: which pixels count for an answer, what excites a class, how classes lie.

    Samples are those of the test data, counted from 0. The picture is a PNG file. Of a dcgan, it is the discriminator
    that looks at pictures, and the answer is whether they are real. Of a network for pairs of texts, it shows which
    character is read for which.

    Example: **tinynet look runs/digits-digits_cnn-1 --method gradcam --sample 3**
    """
    opened = open_run(run, net)
    test = opened.data().test
    if tasks.has_pairs(test):
        method = _for_pairs(method)
    draw = METHODS[known("method", method, tuple(METHODS))]
    path = opened.folder / f"look-{method}.png" if out is None else _picture_file(out)
    x, names = _samples(test, sample) if not image else _images(opened, image)
    with use(opened.settings.kernels):
        looking, classes = _net_that_looks(opened)
        figure = draw(Asked(opened, looking, test, x, names, _class(classes, target), layer, classes))
    _write(figure, path)
    say(f"written: {path}")


def _net_that_looks(run: Run) -> tuple[Any, list[str]]:
    """The net of a run, and what it gives; of a generator and its discriminator, the one that looks at pictures."""
    net: Any = run.net()
    return (net[1], ["real"]) if is_judged(net) else (net, run.classes)


def _for_pairs(method: str) -> str:
    """The method for pairs of texts, of which "all" is one."""
    if method != "all" and method in METHODS and method not in PAIRS:
        checks.fail("tinynet", f"{method} is not for pairs of texts.", f"take --method {' or '.join(PAIRS)}.")
    return PAIRS[0] if method == "all" else method


def _samples(test: Any, numbers: list[int] | None) -> tuple[Any, list[str]]:
    """Some of the test data, and what each is called."""
    chosen = numbers or list(range(min(FIRST, len(test))))
    for number in chosen:
        if not 0 <= number < len(test):
            checks.fail("tinynet", f"--sample must be from 0 to {len(test) - 1}, got {number}.")
    return test[np.array(chosen)][0], [f"sample {number}" for number in chosen]


def _images(run: Run, paths: list[Path]) -> tuple[np.ndarray, list[str]]:
    """Picture files in the form of the run's data, and their names."""
    if len(run.input_shape) != 3:
        checks.fail("tinynet", f"this run was trained on {run.settings.dataset}, not on pictures.", "use --sample.")
    return np.stack([prepared(run.settings.dataset, run.input_shape, path, run.preparation())[0] for path in paths]), [
        str(path) for path in paths
    ]


def _class(classes: list[str], target: str | None) -> int | None:
    """A class by its name or its number."""
    if target is None or target in classes:
        return None if target is None else classes.index(target)
    if not target.isdecimal() or int(target) >= len(classes):
        problem = f"there is no class {target!r}."
        checks.fail("tinynet", problem, f"there {'is' if len(classes) == 1 else 'are'} {', '.join(classes)}.")
    return int(target)


def _picture_file(path: Path) -> Path:
    """Check that a name is one of a PNG file."""
    if path.suffix.lower() != ".png":
        checks.fail("tinynet", f"--out must end with .png, got {path}.", f"write --out {path.with_suffix('.png')}.")
    return path


def _write(figure: Figure, path: Path) -> None:
    from tinynet.visualize.style import png

    atomic_write(path, png(figure), who="tinynet")
