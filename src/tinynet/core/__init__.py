"""Parameter and its store, random streams, initializers, the checks, and `formula`."""

from tinynet.core import checks, initializers, layout
from tinynet.core.formula import formula
from tinynet.core.parameter import Parameter
from tinynet.core.store import Run, Store, pack, runs
from tinynet.core.streams import generator_states, seed, set_generator_states, stream

__all__ = [
    "Parameter",
    "Run",
    "Store",
    "checks",
    "formula",
    "generator_states",
    "initializers",
    "layout",
    "pack",
    "runs",
    "seed",
    "set_generator_states",
    "stream",
]
