"""Two nets against each other: one draws digits, the other tells them from real ones, and both get better.

python examples/14_dcgan.py            # downloads MNIST (12 MB), or reads it from the folder TINYNET_DATA names
python examples/14_dcgan.py --quick    # the small digits of the package instead

A classifier of real digits, asked afterwards, is sure of most of those drawn, and sees all ten among them.
"""

import numpy as np
from mnist_or_digits import options_and_data

from tinynet.learner import AverageWeights, Learner
from tinynet.losses import cross_entropy
from tinynet.models import AdversarialLearner, dcgan, mlp, noise
from tinynet.optimizers import Adam
from tinynet.visualize import samples

options, train, _, test = options_and_data(__doc__)
n_epochs, latent = 1 if options.quick else 3, 64
shape = train[:1][0].shape[1:]


def taken_for_real(judged, truth):
    return float((judged > 0).mean())


generator, discriminator = dcgan(shape, latent, width=8 if options.quick else 32)
rules = [Adam(rate, betas=(0.5, 0.999)) for rate in (1e-3, 2e-4)]  # or the discriminator learns too fast to teach
averaging = AverageWeights(0.999)  # of the generator: what it draws goes to and fro with every step
learner = AdversarialLearner(
    generator, discriminator, *rules, train, latent, batch_size=64, metrics=[taken_for_real], callbacks=[averaging]
)
learner.fit(n_epochs)
drawn = generator.predict(noise(1000, latent))

judge = mlp(int(np.prod(shape)))
Learner(judge, cross_entropy, Adam(0.002), train, batch_size=64).fit(2, progress=False)
for name, pictures in (("test digits", test.x[:1000]), ("drawn ones", drawn)):
    logits = judge.predict(pictures)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    sure = (p.max(axis=1) / p.sum(axis=1) > 0.9).mean()
    print(f"of the {name} the classifier is sure of {sure:.1%}, and sees {len(set(p.argmax(axis=1)))} different")
samples(drawn[:100], "Drawn by the generator", columns=10).savefig(options.out / "14_samples.png")
print(f"the picture: {options.out / '14_samples.png'}")
