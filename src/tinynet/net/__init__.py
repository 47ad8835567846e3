"""Net, a stack of layers; sequences of different lengths; branches; graphs; summary; watching."""

from tinynet.net.branches import Concat, Residual
from tinynet.net.graph import Graph
from tinynet.net.named import Named
from tinynet.net.net import Net
from tinynet.net.padded import Padded
from tinynet.net.watch import watch

__all__ = ["Concat", "Graph", "Named", "Net", "Padded", "Residual", "watch"]
