"""A convolutional autoencoder: squeeze a digit into a few numbers, and draw it again from them, without any label.

python examples/08_autoencoder.py            # downloads MNIST (12 MB), or reads it from the folder TINYNET_DATA names
python examples/08_autoencoder.py --quick    # the small digits of the package instead
"""

from mnist_or_digits import options_and_data

from tinynet.data import Dataset
from tinynet.learner import Learner
from tinynet.losses import mean_squared_error
from tinynet.models import conv_autoencoder
from tinynet.optimizers import Adam
from tinynet.visualize import reconstructions

options, train, valid, test = options_and_data(__doc__)
shape = train[:1][0].shape[1:]

net = conv_autoencoder(shape, code_channels=8)
train, valid = (Dataset(data.x, data.x) for data in (train, valid))  # the truth is the picture itself
learner = Learner(net, mean_squared_error, Adam(lr=0.005), train, valid=valid, batch_size=64)
history = learner.fit(epochs=6 if options.quick else 3)

n_code = 8 * (shape[1] // 4) * (shape[2] // 4)
grey = float(((valid.x - valid.x.mean(axis=0)) ** 2).mean())
print(f"{shape[1] * shape[2]} pixels became {n_code} numbers")
print(f"mean squared error {history['valid_loss'][-1]:.4f}; drawing the mean digit every time: {grey:.4f}")
reconstructions(net, test).savefig(options.out / "08_reconstructions.png")
print(f"the picture: {options.out / '08_reconstructions.png'}")
