"""Net, a stack of layers; branches; graphs; summary; watching."""

from tinynet.net.branches import Concat, Residual
from tinynet.net.graph import Graph
from tinynet.net.named import Named
from tinynet.net.net import Net
from tinynet.net.watch import watch

__all__ = ["Concat", "Graph", "Named", "Net", "Residual", "watch"]
