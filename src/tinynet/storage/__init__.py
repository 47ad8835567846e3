"""Weights and architecture in one file, never a pickle; files that are written whole or not at all."""

from tinynet.storage.atomic import atomic_write
from tinynet.storage.card import Card, read_card
from tinynet.storage.weights import check_savable, load, load_weights, save

__all__ = ["Card", "read_card", "save", "check_savable", "load", "load_weights", "atomic_write"]
