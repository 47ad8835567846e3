"""Three spiral arms: what no straight line separates, two hidden layers do.

The picture shows the class that the net predicts for every point of the plane. It is written to the folder --out.
"""

import argparse
from pathlib import Path

import tinynet as tn
from tinynet.layers import Linear, ReLU
from tinynet.learner import EarlyStopping, KeepBest, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import Adam
from tinynet.visualize import decision_boundary, learning_curves

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--quick", action="store_true", help="fewer epochs")
arguments.add_argument("--out", type=Path, default=Path("runs/examples"), help="the folder for pictures")
options = arguments.parse_args()
options.out.mkdir(parents=True, exist_ok=True)

tn.seed(0)
train, test = tn.data.spirals(900, noise=0.03).split(0.2)
train, valid = train.split(0.1)


def trained(net, epochs):
    callbacks = [EarlyStopping("valid_loss", patience=20), KeepBest("valid_loss")]
    learner = Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid, metrics=[accuracy], callbacks=callbacks)
    history = learner.fit(epochs // 4 if options.quick else epochs, progress=False)
    return history, learner.evaluate(test)["accuracy"]


_, straight = trained(Net([Linear(2, 3)]), 100)
net = Net([Linear(2, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 3)])
history, curved = trained(net, 100)
print(f"one linear layer      test accuracy {straight:.1%}")
print(f"two hidden layers     test accuracy {curved:.1%} after {len(history)} epochs")

decision_boundary(net, test).savefig(options.out / "04_spirals.png")
learning_curves(history).savefig(options.out / "04_curves.png")
print(f"the pictures: {options.out / '04_spirals.png'} and {options.out / '04_curves.png'}")
