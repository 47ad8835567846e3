"""Back-propagation by hand: a network of two inputs, two hidden units and two outputs, number by number.

Every formula is written out with plain Python numbers; then a Net computes the same, and both are compared.
"""

import math

import numpy as np

from tinynet.layers import Linear, Sigmoid
from tinynet.losses import mean_squared_error
from tinynet.net import Net

x1, x2 = 0.05, 0.10  # the input
t1, t2 = 0.01, 0.99  # the truth
w1, w2, w3, w4, b1 = 0.15, 0.20, 0.25, 0.30, 0.35  # into the hidden units h1 (w1, w2) and h2 (w3, w4)
w5, w6, w7, w8, b2 = 0.40, 0.45, 0.50, 0.55, 0.60  # into the outputs y1 (w5, w6) and y2 (w7, w8)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


h1, h2 = sigmoid(w1 * x1 + w2 * x2 + b1), sigmoid(w3 * x1 + w4 * x2 + b1)
y1, y2 = sigmoid(w5 * h1 + w6 * h2 + b2), sigmoid(w7 * h1 + w8 * h2 + b2)
loss = ((y1 - t1) ** 2 + (y2 - t2) ** 2) / 2
print(f"forward   h1 = {h1:.6f}  h2 = {h2:.6f}  y1 = {y1:.6f}  y2 = {y2:.6f}")
print(f"loss      L = ((y1 - t1)² + (y2 - t2)²) / 2 = {loss:.6f}")

# Backward, with d5 for ∂L/∂w5 and so on; z is what goes into a sigmoid, whose derivative is y (1 - y).
dz1, dz2 = (y1 - t1) * y1 * (1 - y1), (y2 - t2) * y2 * (1 - y2)
d5, d6, d7, d8 = dz1 * h1, dz1 * h2, dz2 * h1, dz2 * h2
dh1, dh2 = dz1 * w5 + dz2 * w7, dz1 * w6 + dz2 * w8  # a hidden unit is blamed along both of its ways
d1, d2 = dh1 * h1 * (1 - h1) * x1, dh1 * h1 * (1 - h1) * x2
d3, d4 = dh2 * h2 * (1 - h2) * x1, dh2 * h2 * (1 - h2) * x2
print(f"backward  ∂L/∂w5 = (y1 - t1) y1 (1 - y1) h1 = {d5:.6f}")
print(f"          ∂L/∂h1 = {dh1:.6f}, so ∂L/∂w1 = {dh1:.6f} · h1 (1 - h1) x1 = {d1:.6f}")
print(f"update    w5 - 0.5 ∂L/∂w5 = {w5 - 0.5 * d5:.6f}    w1 - 0.5 ∂L/∂w1 = {w1 - 0.5 * d1:.6f}")

net = Net([Linear(2, 2), Sigmoid(), Linear(2, 2), Sigmoid()]).astype(np.float64)
net[0].weight.tensor, net[0].bias.tensor = np.array([[w1, w2], [w3, w4]]), np.array([b1, b1])
net[2].weight.tensor, net[2].bias.tensor = np.array([[w5, w6], [w7, w8]]), np.array([b2, b2])
net_loss, gradient = mean_squared_error(net.forward(np.array([[x1, x2]])), np.array([[t1, t2]]))
net.backward(gradient)

by_hand = np.array([loss, d1, d2, d3, d4, d5, d6, d7, d8])
by_net = np.concatenate([[net_loss], net[0].weight.gradient.ravel(), net[2].weight.gradient.ravel()])
print(f"Net       the largest difference in the loss and the eight gradients is {np.abs(by_hand - by_net).max():.1e}")
