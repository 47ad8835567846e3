"""Preparations of every kind, from plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet.core import checks
from tinynet.data.own.pair_file import PairPreparation
from tinynet.data.own.picture_folder import PicturePreparation
from tinynet.data.own.table_file import TablePreparation
from tinynet.data.own.text_file import TextPreparation

KINDS = (PicturePreparation, TablePreparation, TextPreparation, PairPreparation)
PREPARATIONS: dict[str, Any] = {cls.kind: cls for cls in KINDS}


def preparation_of(config: Any) -> Any:
    """The preparation whose `config()` this is.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: The kind is unknown, or a value is missing or out of range.

    Example:
        >>> preparation_of({"kind": "pictures", "input_shape": [3, 32, 32], "classes": ["cat", "dog"], "fraction": 0.2})
        PicturePreparation(input_shape=(3, 32, 32), 2 classes)
    """
    if not isinstance(config, Mapping):
        came = checks.of_kind(config)
        checks.fail("preparation", f"config must be a dict, got {came}.", "preparation.config() is such.", TypeError)
    kind = checks.one_of("preparation", "kind", config.get("kind"), tuple(PREPARATIONS))
    return PREPARATIONS[kind].from_config(config)
