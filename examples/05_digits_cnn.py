"""Read handwritten digits with a convolutional network, save it, load it, and look at its mistakes.

The 1,797 digits of 8×8 pixels come with the package, so this needs no download.
"""

import argparse
from pathlib import Path

import tinynet as tn
from tinynet.layers import Conv2D, Dropout, Flatten, Linear, MaxPool2D, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import Adam
from tinynet.visualize import filters, misclassified

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--quick", action="store_true", help="fewer epochs")
arguments.add_argument("--out", type=Path, default=Path("runs/examples"), help="the folder for pictures")
options = arguments.parse_args()
options.out.mkdir(parents=True, exist_ok=True)

tn.seed(0)
train, test = tn.data.digits()
train, valid = train.split(0.1)
net = Net(
    [
        *(Conv2D(1, 16, 3, padding=1), ReLU()),  # (N, 16, 8, 8)
        *(Conv2D(16, 32, 3, padding=1), ReLU(), MaxPool2D(2)),  # (N, 32, 4, 4)
        *(Flatten(), Dropout(0.5), Linear(512, 10)),
    ]
)
print(net.summary((1, 8, 8)))

learner = Learner(net, cross_entropy, Adam(lr=0.003), train, valid=valid, metrics=[accuracy])
learner.fit(epochs=2 if options.quick else 15)
print(f"test accuracy {learner.evaluate(test)['accuracy']:.1%}")

path = options.out / "05_digits.safetensors"
tn.save(net, path)
again = tn.load(path)
print(f"loaded again: the same answers on the test set: {(again.predict(test.x) == net.predict(test.x)).all()}")

filters(net).savefig(options.out / "05_filters.png")
misclassified(net, test).savefig(options.out / "05_mistakes.png")
print(f"the pictures: {options.out / '05_filters.png'} and {options.out / '05_mistakes.png'}")
