"""Polynomial and non-linear regression: the same straight layer on powers of x, and a small net that needs none.

A linear layer on (x, x², x³, …) draws a polynomial, however bent. A net with one hidden layer of tanh units finds its
own bends, here those of a sine. The pictures go to the folder that --out names (runs/examples by default).
"""

import argparse
from pathlib import Path

import numpy as np

import tinynet as tn
from tinynet.layers import Linear, Tanh
from tinynet.learner import Learner
from tinynet.losses import mean_squared_error
from tinynet.metrics import r2_score
from tinynet.net import Net
from tinynet.optimizers import Adam
from tinynet.visualize import fit_curve

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--quick", action="store_true", help="fewer epochs")
arguments.add_argument("--out", type=Path, default=Path("runs/examples"), help="the folder for pictures")
options = arguments.parse_args()
options.out.mkdir(parents=True, exist_ok=True)


def fitted(net, data, epochs):
    learner = Learner(net, mean_squared_error, Adam(lr=0.02), data, metrics=[r2_score])
    learner.fit(epochs // 4 if options.quick else epochs, progress=False)
    return learner.evaluate(data)["r2_score"]


tn.seed(0)
cubic = tn.data.polynomial(200, noise=0.1, coefficients=(0.0, -1.0, 0.0, 2.0))
powers = tn.data.Dataset(np.hstack([cubic.x**k for k in (1, 2, 3)]), cubic.y)
polynomial = Net([Linear(3, 1)])
score = fitted(polynomial, powers, 200)
a, b, c = polynomial[0].weight.tensor[0]
print(f"polynomial   y = {polynomial[0].bias.tensor[0]:.2f} {a:+.2f} x {b:+.2f} x² {c:+.2f} x³,  R² = {score:.3f}")

sine = tn.data.sine(300, noise=0.1)
net = Net([Linear(1, 16), Tanh(), Linear(16, 1)])
score = fitted(net, sine, 200)
print(f"sine         a net of 16 tanh units,  R² = {score:.3f}")
fit_curve(net, sine).savefig(options.out / "03_sine.png")
print(f"the picture: {options.out / '03_sine.png'}")
