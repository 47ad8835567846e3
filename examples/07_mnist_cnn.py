"""MNIST with a convolutional network: a fifth of the perceptron's mistakes are left, and the confusions can be seen.

python examples/07_mnist_cnn.py            # downloads MNIST (12 MB), or reads it from the folder TINYNET_DATA names
python examples/07_mnist_cnn.py --quick    # the small digits of the package instead
"""

import math

from mnist_or_digits import options_and_data

from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.models import digits_cnn, mnist_cnn
from tinynet.optimizers import Adam, CosineAnnealingLR
from tinynet.visualize import confident_mistakes, feature_maps

options, train, valid, test = options_and_data(__doc__)
n_epochs, batch_size = 3, 128

net = digits_cnn() if options.quick else mnist_cnn()
falling = CosineAnnealingLR(0.002, T_max=n_epochs * math.ceil(len(train) / batch_size))
learner = Learner(net, cross_entropy, Adam(lr=falling), train, valid=valid, batch_size=batch_size, metrics=[accuracy])
learner.fit(n_epochs)
print(f"test accuracy {learner.evaluate(test)['accuracy']:.2%}")

confident_mistakes(net, test).savefig(options.out / "07_mistakes.png")
feature_maps(net, test.x[0]).savefig(options.out / "07_feature_maps.png")
print(f"the pictures: {options.out / '07_mistakes.png'} and {options.out / '07_feature_maps.png'}")
