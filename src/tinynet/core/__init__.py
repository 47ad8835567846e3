"""Parameter, random streams, initializers, the checks, `formula`, and the seam to the engine."""

from tinynet.core import checks, faster, initializers
from tinynet.core.formula import formula
from tinynet.core.joinable import Mean, Total
from tinynet.core.parameter import Parameter
from tinynet.core.streams import generator_states, seed, set_generator_states, stream

__all__ = [
    "Mean",
    "Parameter",
    "Total",
    "checks",
    "faster",
    "formula",
    "generator_states",
    "initializers",
    "seed",
    "set_generator_states",
    "stream",
]
