"""Write a layer of your own: forward, backward, and a check that one is the derivative of the other.

The layer is Swish (Ramachandran et al. 2017), y = x · sigmoid(β x), with a β for each feature that is learned.
"""

import sys

import numpy as np

import tinynet as tn
from tinynet import Parameter
from tinynet.gradcheck import GradientError, check_layer
from tinynet.layers import Layer, Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import Adam


class Swish(Layer):
    """y = x s with s = sigmoid(β x).

    dx = dy (s + β x s (1 − s))        dβ = Σₙ dy x² s (1 − s)
    """

    def __init__(self, features):
        self.beta = Parameter(np.ones(features))

    def forward(self, x):
        s = 1 / (1 + np.exp(-self.beta.tensor * x))
        self.remember(x=x, s=s)
        return x * s

    def backward(self, dy):
        x, s = self.recall()
        self.beta.accumulate((dy * x**2 * s * (1 - s)).sum(axis=0))
        return dy * (s + self.beta.tensor * x * s * (1 - s))


class Wrong(Swish):
    """The same, but its backward forgets that s depends on x too."""

    def backward(self, dy):
        super().backward(dy)
        return dy * self.recall()[1]


print(check_layer(Swish(3), input_shape=(4, 3)))
try:
    check_layer(Wrong(3), input_shape=(4, 3))
except GradientError as error:
    print("\nand with a mistake in it:\n" + str(error))

tn.seed(0)
train, test = tn.data.moons(400).split(0.25)
net = Net([Linear(2, 16), Swish(16), Linear(16, 2)])
learner = Learner(net, cross_entropy, Adam(lr=0.02), train, metrics=[accuracy])
learner.fit(10 if "--quick" in sys.argv else 40, progress=False)
print(f"\ntwo moons, told apart with it: test accuracy {learner.evaluate(test)['accuracy']:.1%}")
