"""MNIST with a multi-layer perceptron: pixels in a row, two hidden layers, 98 % in five epochs.

python examples/06_mnist_mlp.py            # downloads MNIST (12 MB), or reads it from the folder TINYNET_DATA names
python examples/06_mnist_mlp.py --quick    # the small digits of the package instead
"""

import math

from mnist_or_digits import options_and_data

from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.models import mlp
from tinynet.optimizers import Adam, CosineAnnealingLR

options, train, valid, test = options_and_data(__doc__)
n_epochs, batch_size = 5, 64

net = mlp(in_features=math.prod(train[:1][0].shape[1:]), hidden=(256, 128), n_classes=10)
falling = CosineAnnealingLR(0.002, T_max=n_epochs * math.ceil(len(train) / batch_size))
learner = Learner(net, cross_entropy, Adam(lr=falling), train, valid=valid, batch_size=batch_size, metrics=[accuracy])
learner.fit(n_epochs)
print(f"test accuracy {learner.evaluate(test)['accuracy']:.2%}")
