"""Ready networks: functions that return a Net, with new weights."""

from tinynet.models.autoencoder import conv_autoencoder
from tinynet.models.catalog import MODELS, build
from tinynet.models.initialize import he_before_relu
from tinynet.models.mlp import mlp
from tinynet.models.small import digits_cnn, lenet5, mnist_cnn
from tinynet.models.vgg import vgg11, vgg16

__all__ = [
    "MODELS",
    "build",
    "conv_autoencoder",
    "digits_cnn",
    "he_before_relu",
    "lenet5",
    "mlp",
    "mnist_cnn",
    "vgg11",
    "vgg16",
]
