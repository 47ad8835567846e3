"""tinynet draw: new pictures from a network that has learned to draw them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from tinynet.cli.adversaries import is_judged, latent_of
from tinynet.cli.arguments import Kernels, NetOfRun, RunOrFile
from tinynet.cli.output import given_path, say
from tinynet.cli.trained import trained
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.faster import use
from tinynet.layers import Linear, Sigmoid
from tinynet.models import MODELS, VariationalAutoencoder, noise
from tinynet.net import Net
from tinynet.storage import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 10_000  # pictures on one sheet
IN_REPORT, IN_A_ROW = 60, 12
SEED = 0


def draw(
    run: RunOrFile,
    number: Annotated[int, typer.Option(help="How many pictures.")] = 36,
    columns: Annotated[
        int | None, typer.Option(help="Pictures in a row.", show_default="as many as fill the rows")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pictures.")] = SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The picture to write.", show_default="drawn.png in the run", parser=given_path
        ),
    ] = None,
    net: NetOfRun = None,
    kernels: Kernels = None,
) -> None:
    """Draw new pictures with a network that has learned to, a dcgan or a vae, and write them as one PNG file.

    Each is drawn from random numbers alone: no picture goes in.

    Example: **tinynet train digits --model dcgan**, then **tinynet draw runs/digits-dcgan-1 --number 16**
    """
    checks.integer("tinynet", "--number", number, minimum=1, maximum=MOST)
    checks.integer("tinynet", "--seed", seed, minimum=0)
    if columns is not None:
        checks.integer("tinynet", "--columns", columns, minimum=1, maximum=number)
    path = out or (run if run.is_dir() else run.parent) / "drawn.png"
    if path.suffix.lower() != ".png":
        fail("tinynet", f"--out must end with .png, got {path}.", f"write --out {path.with_suffix('.png')}.")
    opened = trained(run, net=net)
    if not can_draw(opened.net):
        names = " or ".join(name for name, entry in MODELS.items() if entry.learns in ("judge", "evidence"))
        problem = f"the net of {opened.place} has not learned to draw new pictures."
        fail("tinynet", problem, f"train one that does: tinynet train {opened.dataset} --model {names}")
    with use(opened.used_kernels(kernels)):
        figure = sheet(opened.net, number, seed, columns)
    _write(figure, path)
    say(f"written: {path}")


def can_draw(net: Any) -> bool:
    """Whether a net draws pictures from random numbers alone."""
    if is_judged(net):
        return True
    decoder = net[0].decoder if isinstance(net[0], VariationalAutoencoder) else None
    return isinstance(decoder, Net) and isinstance(decoder[0], Linear)


def drawn(net: Any, number: int, seed: int) -> np.ndarray:
    """New pictures (N, C, H, W), with pixels in [0, 1].

    Example:
        >>> from tinynet.models import build
        >>> drawn(build("vae", (1, 8, 8)), 3, seed=0).shape
        (3, 1, 8, 8)
    """
    rng = np.random.default_rng(seed)
    if is_judged(net):
        return net[0].predict(noise(number, latent_of(net), rng))
    decoder = net[0].decoder
    return Sigmoid().forward(decoder.predict(noise(number, decoder[0].in_features, rng)))


def sheet(net: Net, number: int, seed: int = SEED, columns: int | None = None) -> Figure:
    """New pictures side by side."""
    from tinynet.visualize import samples  # here, because it loads matplotlib

    return samples(drawn(net, number, seed), "Drawn from random numbers", columns)


def drawn_section(subject: Any) -> Any:
    """The section of a report: what the net draws; None where it does not."""
    if not can_draw(subject.net):
        return None
    from tinynet.visualize.sections.view import View, picture

    words = "New pictures, each drawn from random numbers alone. Are they varied, and could they be real?"
    figure = sheet(subject.net, IN_REPORT, columns=IN_A_ROW)
    return View(words, picture(figure, "Pictures that the net has drawn."))


def _write(figure: Figure, path: Path) -> None:
    from tinynet.visualize.style import png

    atomic_write(path, png(figure), who="tinynet")
