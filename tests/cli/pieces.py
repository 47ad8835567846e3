"""What the tests of single pieces of the command line share."""

import pytest

from tinynet.cli.settings import Settings


def sentence(kind, call, *arguments, **options):
    """The sentence of the error that a call raises, without the name of the command."""
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value).removeprefix("tinynet: ")


def settings(**changed):
    """A small training, but for what is changed."""
    usual = {"dataset": "moons", "model": "mlp", "epochs": 3, "lr": 0.25, "batch_size": 8, "optimizer": "sgd"}
    return Settings(**{**usual, "seed": 4, "kernels": "auto", **changed})
