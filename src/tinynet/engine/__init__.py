"""The fast replacements. `tables` says which function of the lesson each of them replaces.

Each family of layers, losses or rules has a file here, or a folder. The `__init__` of a folder decides what is served;
its module `compiled`, which loads Numba, does the work. Only the folder of `convolution` has several routes to choose
from. The rest:

    tables      every replacement, beside the function that it replaces
    pairs       neighbours in a net that work in one pass (fusion), and a backward without ∂L/∂x
    serves      which arrays are served, from which size compiling pays, and `exact`
    net, parts  a Net that arranges memory, and what a layer consists of
    loops       the definitions as nested Python loops
    machine     what all of them use: threads, the work queue, vectors, tiles, matrix products, the compiler

Outside of this folder the engine is only loaded by name: by `core.faster`, at the first call of a marked function, as
`tn.engine`, and by the command line.
"""

from tinynet.engine.serves import exact, is_exact

__all__ = ["exact", "is_exact"]
