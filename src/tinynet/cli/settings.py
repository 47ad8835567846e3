"""The settings of a training run."""

from __future__ import annotations

import math
import shlex
from dataclasses import asdict, dataclass, field
from typing import Any

from tinynet.cli.named import Named, options_of
from tinynet.cli.own import Own, short_name
from tinynet.cli.rules import make_rule, make_schedule, optimizer_named, plateau_of, schedule_named, stopping_of
from tinynet.core.checks.words import fail
from tinynet.learner import EarlyStopping, KeepBest, ReduceOnPlateau
from tinynet.models import MODELS
from tinynet.optimizers import Optimizer

VALID_FRACTION = 0.1  # of the training data, held out to look at while training
USUAL = {"schedule": "cosine", "precision": "float32"}  # what need not be said
USUAL_OF_DRAWING = "constant"  # schedule: two nets that play against each other come to no end


def learns(model: str) -> str:
    """What a model learns from, in the words of the list of models; an own net learns from labels."""
    return MODELS[model].learns if model in MODELS else "labels"


def usual_of(model: str) -> dict[str, str]:
    """What need not be said of a training of this model."""
    return USUAL | ({"schedule": USUAL_OF_DRAWING} if learns(model) == "judge" else {})


@dataclass(frozen=True)
class Settings:
    """All that a run of `tinynet train` depends on, besides the versions and the machine.

    Attributes:
        dataset: The name of a data set, or the path of a user's own data.
        model: A model's name, or the name of the file that an own net comes from.
        optimizer: Its name and options, as in "sgd:momentum=0.95".
        own: How own data are read.
        sizes: Arguments of the model that differ from the usual, as in {"width": 32}.
        net: The file of an own net with its function, as in "/home/ada/my_net.py:small".
        net_sha256: The hash of that file.
        schedule: How the learning rate goes, as in "step:step_size=10".
        augment: How pictures are changed at random while learning, as in ("flip", "crop:padding=2").
        early_stopping: After how many epochs without improvement training ends, with options; None is never.
        precision: The floating type that is computed in.
    """

    dataset: str
    model: str
    epochs: int
    lr: float
    batch_size: int
    optimizer: str
    seed: int
    kernels: str
    own: Own | None = None
    sizes: dict[str, Any] = field(default_factory=dict)
    net: str | None = None
    net_sha256: str | None = None
    schedule: str = USUAL["schedule"]
    augment: tuple[str, ...] = ()
    early_stopping: str | None = None
    precision: str = USUAL["precision"]

    @property
    def title(self) -> str:
        """What is trained on what."""
        return f"{self.model} on {short_name(self.dataset)}"

    @property
    def valid_fraction(self) -> float:
        """The share of the training data that is held out; none where no number over them says how well a net draws."""
        return 0.0 if learns(self.model) == "judge" else VALID_FRACTION

    @property
    def rule(self) -> Named:
        """The optimizer and its options."""
        return optimizer_named(self.optimizer)

    def words(self) -> dict[str, Any]:
        """What `tinynet train` has to be told for the same run: the name of each parameter, and its value."""
        own = {} if self.own is None else {name: value for name, value in asdict(self.own).items() if name != "kind"}
        kept = ("epochs", "lr", "batch_size", "optimizer", "seed", "kernels", "schedule", "early_stopping", "precision")
        named = Named(self.net or self.model, self.sizes)
        what = {"net": str(named)} if self.net else {"model": str(named)}
        rest = {name: getattr(self, name) for name in kept} | {"augment": list(self.augment)}
        return {"dataset": self.dataset, **own, **what, **rest}

    @property
    def usual(self) -> dict[str, str]:
        """What need not be said, for it is what this model gets where nobody says it."""
        return usual_of(self.model)

    def command(self, out: str) -> str:
        """The command that repeats this run."""
        words = self.words()
        said = ["tinynet", "train", words.pop("dataset")]
        for name, value in words.items():
            option = f"--{name.replace('_', '-')}"
            if value is True:
                said.append(option)
            elif isinstance(value, list):
                said += [word for item in value for word in (option, item)]
            elif value is not None and value is not False and value != self.usual.get(name):
                said += [option, str(value)]
        return shlex.join([*said, "--out", out])

    def make_optimizer(self, n_samples: int) -> Optimizer:
        """The optimizer, with the learning rate as the schedule wants it."""
        rule = self.rule
        n_batches = math.ceil(n_samples / self.batch_size)
        per_epoch = math.ceil(n_batches / rule.options.get("gradient_accumulation_steps", 1))
        rate = make_schedule(schedule_named(self.schedule), self.lr, self.epochs * per_epoch, per_epoch)
        return make_rule(rule, rate)

    def callbacks(self) -> list[ReduceOnPlateau | KeepBest | EarlyStopping]:
        """What else changes the training from epoch to epoch."""
        stopping = [] if self.early_stopping is None else stopping_of(patience_of(self.early_stopping))
        return [*plateau_of(schedule_named(self.schedule)), *stopping]


def patience_of(text: str) -> dict[str, Any]:
    """The options of early stopping: a number of epochs, or options.

    Example:
        >>> patience_of("5"), patience_of("patience=5,monitor=valid_accuracy")
        ({'patience': 5}, {'patience': 5, 'monitor': 'valid_accuracy'})
    """
    if text.strip().isdecimal():
        return {"patience": int(text)}
    if "=" not in text:
        hint = "write --early-stopping 5, or --early-stopping patience=5,monitor=valid_accuracy."
        fail("tinynet", f"--early-stopping must be a number of epochs, got {text!r}.", hint)
    return options_of(text, text)


def how(settings: Settings) -> str:
    """The settings of a training in a line."""
    words = [settings.optimizer, f"lr {settings.lr:g}", f"batches of {settings.batch_size}", f"seed {settings.seed}"]
    words += [f"schedule {settings.schedule}"] if settings.schedule != USUAL["schedule"] else []
    words += [f"augmented by {' and '.join(settings.augment)}"] if settings.augment else []
    words += [f"early stopping {settings.early_stopping}"] if settings.early_stopping else []
    words += [settings.precision] if settings.precision != USUAL["precision"] else []
    return ", ".join(words)
