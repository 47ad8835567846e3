"""Sentences about the parts of a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.learner.callback import Callback
from tinynet.net import Net
from tinynet.optimizers import Optimizer

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


def learner_parts(net: Any, loss: Any, optimizer: Any, metrics: Any, callbacks: Any) -> None:
    """Check that each argument of a Learner is of its kind."""
    for name, value, kind in (("net", net, Net), ("optimizer", optimizer, Optimizer)):
        if isinstance(value, type) and issubclass(value, kind):
            fail("Learner", f"{name} is the class {value.__name__}.", f"write {value.__name__}(...).", TypeError)
        if not isinstance(value, kind):
            hint = "wrap layers as Net([...])." if name == "net" else "write SGD(lr=0.1), for example."
            fail("Learner", f"{name} must be a {kind.__name__}, got {type(value).__name__}.", hint, TypeError)
    if not callable(loss) or isinstance(loss, (type, Net)):
        fail("Learner", f"loss must be a function, got {type(loss).__name__}.", "pass cross_entropy itself.", TypeError)
    for name, value in (("metrics", metrics), ("callbacks", callbacks)):
        if not isinstance(value, (list, tuple)):
            fail("Learner", f"{name} must be a list, got {type(value).__name__}.", f"write {name}=[...].", TypeError)
    for metric in metrics:
        if isinstance(metric, type):
            fail("Learner", f"metrics hold the class {metric.__name__}.", f"write {metric.__name__}(...).", TypeError)
        if not callable(metric):
            fail("Learner", f"metrics must hold functions, got {metric!r}.", "pass accuracy itself.", TypeError)
    for index, callback in enumerate(callbacks):
        if any(callback is before for before in callbacks[:index]):
            problem = f"the {type(callback).__name__} stands twice in callbacks, so it would hear of everything twice."
            fail("Learner", problem, "make a second one.")
        if not isinstance(callback, Callback):
            fail(
                "Learner",
                f"callbacks must hold Callbacks, got {callback!r}.",
                "write EarlyStopping().",
                TypeError,
            )


def some_batch(n_samples: int, batch_size: int, drop_last: bool) -> None:
    """Check that there is a batch to train on."""
    if drop_last and n_samples < batch_size:
        problem = f"drop_last leaves no batch, there are {n_samples} samples and batch_size is {batch_size}."
        fail("Learner", problem, f"take a batch_size of at most {n_samples}, or drop_last=False.")


def before_fit(learner: Learner) -> None:
    """Check the parts again, when a training begins: others may have been assigned."""
    checks.instance("Learner", "metrics", learner.metrics, dict, "write {accuracy.__name__: accuracy}.")
    metrics = list(learner.metrics.values())
    learner_parts(learner.net, learner.loss, learner.optimizer, metrics, learner.callbacks)


def named_once(who: str, metrics: dict[str, Any], n_metrics: int) -> dict[str, Any]:
    """Check that metrics have names of their own, which none of the other columns of a history has."""
    if len(metrics) < n_metrics:
        fail(who, f"two metrics have one name; the names are {', '.join(metrics)}.", "give each function its own name.")
    for name in metrics:
        if name in ("epoch", "loss", "lr", "seconds") or name.startswith("valid_"):
            fail(who, f"a metric is called {name}, which is a column of its own.", "give the function another name.")
    return metrics
