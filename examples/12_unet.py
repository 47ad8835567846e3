"""A U-Net finds the discs in noisy pictures, pixel by pixel, and leaves the squares alone.

After 300 steps, the pixels it marks and those of the discs overlap to more than 0.9 (intersection over union).
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np

import tinynet as tn
from tinynet.data import Dataset
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.models import unet
from tinynet.optimizers import Adam, OneCycleLR
from tinynet.visualize import samples

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--quick", action="store_true", help="fewer steps, a smaller net")
arguments.add_argument("--out", type=Path, default=Path("runs/examples"), help="the folder for the picture")
options = arguments.parse_args()
options.out.mkdir(parents=True, exist_ok=True)
n_steps, batch_size, size = 10 if options.quick else 300, 16, 48


def pictures(n):
    """Pictures (n, 1, size, size) with two discs and two squares each, and which pixels are those of discs."""
    row, column = np.mgrid[:size, :size]
    x = rng.normal(0, 0.15, (n, 1, size, size))
    y = np.zeros((n, size, size), np.int64)
    for picture, truth in zip(x[:, 0], y, strict=True):
        for disc in (False, False, True, True):  # the discs lie on top
            middle, radius = rng.uniform(10, size - 10, 2), rng.uniform(5, 10)
            away = np.stack([row - middle[0], column - middle[1]])
            inside = np.hypot(*away) < radius if disc else np.abs(away).max(axis=0) < 0.85 * radius
            picture[inside] = rng.uniform(0.4, 1) + rng.normal(0, 0.15, inside.sum())
            truth[inside] = disc
    return x.astype(np.float32), y


tn.seed(0)
rng = np.random.default_rng(0)
train, net = Dataset(*pictures(n_steps * batch_size)), unet(width=4 if options.quick else 16)
rule = Adam(OneCycleLR(0.01, n_steps))
Learner(net, partial(cross_entropy, axis=1), rule, train, batch_size=batch_size).fit()

x, y = pictures(16 if options.quick else 200)
marked = net.predict(x, batch_size=batch_size).argmax(axis=1)
print(f"intersection over union {np.sum(marked & y) / np.sum(marked | y):.3f} on new pictures")
shown = np.concatenate([x[:8], y[:8, np.newaxis], marked[:8, np.newaxis]]).clip(0, 1)
samples(shown, "Pictures, their discs, and what the net marks", 8).savefig(options.out / "12_pictures.png")
print(f"the picture: {options.out / '12_pictures.png'}")
