"""ResNet-20 learns to tell photographs apart: twenty layers that a plain stack could not train as well.

python examples/10_resnet20.py            # downloads CIFAR-10 (170 MB), or reads it from the folder TINYNET_DATA names
python examples/10_resnet20.py --quick    # a few steps on noise instead

With the first 10,000 training images alone, more than 66 % of the test images are recognised after 15 epochs.
"""

import math

from cifar_or_noise import options_and_data

from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.models import resnet20
from tinynet.optimizers import SGD, OneCycleLR

options, train, test = options_and_data(__doc__)
n_epochs, batch_size = 1 if options.quick else 15, 64

rate = OneCycleLR(0.1, total_steps=n_epochs * math.ceil(len(train) / batch_size))
optimizer = SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
learner = Learner(resnet20(), cross_entropy, optimizer, train, batch_size=batch_size, metrics=[accuracy])
learner.fit(n_epochs)
print(f"test accuracy {learner.evaluate(test)['accuracy']:.2%}")
