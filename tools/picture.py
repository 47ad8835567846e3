"""Draw the picture of the README: one digit on its way through the net of its ten lines.

Usage: .venv/bin/python tools/picture.py
"""

from pathlib import Path

import tinynet as tn
from tinynet.layers import Conv2D, Flatten, Linear, MaxPool2D, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.visualize import feature_maps

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "digits.png"


def main() -> None:
    tn.seed(0)
    train, test = tn.data.digits()
    net = Net([Conv2D(1, 16, 3), ReLU(), MaxPool2D(2), Flatten(), Linear(144, 10)])
    Learner(net, cross_entropy, SGD(lr=0.05, momentum=0.9), train, batch_size=32).fit(epochs=10)
    PICTURE.parent.mkdir(exist_ok=True)
    feature_maps(net, test.x[0]).savefig(PICTURE, dpi=80)
    print(f"drawn to {PICTURE}")


if __name__ == "__main__":
    main()
