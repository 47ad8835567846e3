"""What is fast. Nothing outside of this folder imports it; `tables` says what it replaces, and with what.

A family of lessons has a file here, or a folder whose module `compiled` loads Numba. `loops` holds the definitions as
nested loops, `pairs` what works in one pass, and `machine` what serves them all: threads, the queue, vectors, tiles,
matrix products, the compiler.
"""

from tinynet.engine.serves import exact, is_exact

__all__ = ["exact", "is_exact"]
