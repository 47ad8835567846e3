"""Why is this number what it is? One training step, explained from the data to the new weight.

Run it: python examples/18_why_this_number.py
"""

import numpy as np

import tinynet as tn
from tinynet.layers import Linear, ReLU
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import Adam

tn.seed(1)
net = Net([Linear(2, 3), ReLU(), Linear(3, 2)])
x = np.array([[0.2, 0.5], [1.0, -0.3], [-0.4, 0.8]])
labels = np.array([1, 0, 1])

# A trace is a training step that keeps every number: inputs, outputs, gradients, what the optimizer keeps, the update.
step = tn.trace(net, x, labels, cross_entropy, Adam(lr=0.01))
print(f"{step}\n")

# A weight's gradient is a sum over the samples. What a ReLU has cut off is counted.
print(f"{tn.explain(step, '0.weight', (0, 1))}\n")

# Each operand is explained in turn: here the gradient that layer 1 hands back to layer 0.
print(f"{tn.explain(step, '0.dy', (1, 0))}\n")

# And so on, up to the loss.
print(tn.explain(step, "loss"))
