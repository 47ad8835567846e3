"""Linear regression: one weight and one bias find the line through noisy points.

What gradient descent finds after many small steps is what the normal equations give at once.
"""

import sys

import numpy as np

import tinynet as tn
from tinynet.layers import Linear
from tinynet.learner import Learner
from tinynet.losses import mean_squared_error
from tinynet.metrics import r2_score
from tinynet.net import Net
from tinynet.optimizers import SGD

EPOCHS = 20 if "--quick" in sys.argv else 60

tn.seed(0)
data = tn.data.line(200, noise=0.1, slope=2.0, intercept=-1.0)
net = Net([Linear(1, 1)])
learner = Learner(net, mean_squared_error, SGD(lr=0.1), data, metrics=[r2_score])
learner.fit(EPOCHS, progress=False)

slope, intercept = net[0].weight.tensor[0, 0], net[0].bias.tensor[0]
print(f"gradient descent   y = {slope:.4f} x {intercept:+.4f}")

A = np.hstack([data.x, np.ones_like(data.x)])
best = np.linalg.solve(A.T @ A, A.T @ data.y)[:, 0]
print(f"normal equations   y = {best[0]:.4f} x {best[1]:+.4f}")
print(f"R² = {learner.evaluate(data)['r2_score']:.4f}")
