"""A variational autoencoder: it arranges the digits it has seen on a map, and draws new ones.

python examples/13_vae.py            # downloads MNIST (12 MB), or reads it from the folder TINYNET_DATA names
python examples/13_vae.py --quick    # the small digits of the package instead
"""

import math

import numpy as np
from mnist_or_digits import options_and_data

from tinynet.data import Dataset
from tinynet.learner import Learner
from tinynet.models import evidence_loss, vae
from tinynet.optimizers import Adam, CosineAnnealingLR
from tinynet.visualize import latent_space, samples

options, train, valid, test = options_and_data(__doc__)
n_epochs, batch_size = 2 if options.quick else 20, 128
shape = train[:1][0].shape[1:]


def itself(data):
    return Dataset(data.x, data.x)  # the truth is the picture itself


def pixels(logits):
    return 1 / (1 + np.exp(-logits))


net = vae(shape)
falling = CosineAnnealingLR(0.002, T_max=n_epochs * math.ceil(len(train) / batch_size))
learner = Learner(net, evidence_loss, Adam(falling), itself(train), valid=itself(valid), batch_size=batch_size)
learner.fit(n_epochs)
print(f"negative evidence bound {learner.evaluate(itself(test))['loss']:.1f} nats per test digit")

logits, codes, _ = net.predict(test.x)
latent_space(codes, test.y, test.classes).savefig(options.out / "13_latent_space.png")
pairs = np.concatenate([test.x[:10], pixels(logits[:10])])
samples(pairs, "Above: seen. Below: drawn from two numbers.", 10).savefig(options.out / "13_reconstructions.png")
steps = np.linspace(-2.5, 2.5, 15, dtype=np.float32)
points = np.stack(np.meshgrid(steps, -steps), axis=-1).reshape(-1, 2)  # (225, 2)
drawn = pixels(net[0].decoder.predict(points))
samples(drawn, "What is drawn at each point of the map", 15).savefig(options.out / "13_samples.png")
print(f"the pictures: 13_latent_space.png, 13_reconstructions.png and 13_samples.png in {options.out}")
