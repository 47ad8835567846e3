"""Net, a stack of layers; branches; summary; watching."""

from tinynet.net.branches import Concat, Residual
from tinynet.net.net import Net
from tinynet.net.watch import watch

__all__ = ["Concat", "Net", "Residual", "watch"]
