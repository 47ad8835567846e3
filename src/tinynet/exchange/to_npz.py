"""Write the weights of a net as a file of NumPy."""

from __future__ import annotations

import os

from tinynet.core import checks
from tinynet.layers import Layer
from tinynet.storage.npz import write_npz


def export_npz(net: Layer, path: str | os.PathLike[str]) -> None:
    """Write the weights and statistics of a net as an .npz file, which NumPy reads everywhere; never pickled.

    The names are those of `net.state()`. The file holds no architecture: build the net yourself, then fill it with
    `tn.load_weights(net, path)`.

    Args:
        net: The net, or any layer.
        path: The file, exactly as given; a suffix is not added. The usual one is ".npz".

    Raises:
        TypeError: It is not a net.
        OSError: The file cannot be written; an earlier one is unchanged.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_npz(Linear(3, 2), pathlib.Path(folder, "weights.npz"))
        ...     sorted(np.load(pathlib.Path(folder, "weights.npz")))
        ['bias', 'weight']
    """
    checks.instance("export_npz", "net", net, Layer)
    write_npz("export_npz", checks.path("export_npz", path), net.state())
