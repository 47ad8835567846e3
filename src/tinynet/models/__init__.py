"""Ready networks: functions that return a Net, with new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.models.autoencoder import conv_autoencoder
from tinynet.models.catalog import MODELS, build
from tinynet.models.dcgan import dcgan, noise
from tinynet.models.initialize import he_before_relu, he_convolutions
from tinynet.models.language import char_gpt, char_lstm, generate
from tinynet.models.mlp import mlp
from tinynet.models.mobilenet import mobilenet
from tinynet.models.resnet import resnet20
from tinynet.models.seq2seq import EncoderDecoder, seq2seq, transcribe
from tinynet.models.small import digits_cnn, lenet5, mnist_cnn
from tinynet.models.unet import unet
from tinynet.models.vae import VariationalAutoencoder, evidence_loss, vae
from tinynet.models.vgg import vgg11, vgg16

if TYPE_CHECKING:
    from tinynet.models.adversarial import AdversarialLearner

__all__ = [
    "MODELS",
    "AdversarialLearner",
    "EncoderDecoder",
    "VariationalAutoencoder",
    "build",
    "char_gpt",
    "char_lstm",
    "conv_autoencoder",
    "dcgan",
    "digits_cnn",
    "evidence_loss",
    "generate",
    "he_before_relu",
    "he_convolutions",
    "lenet5",
    "mlp",
    "mnist_cnn",
    "mobilenet",
    "noise",
    "resnet20",
    "seq2seq",
    "transcribe",
    "unet",
    "vae",
    "vgg11",
    "vgg16",
]


def __getattr__(name: str) -> Any:
    if name == "AdversarialLearner":  # the only one that trains: a net alone needs no learner and no data
        from tinynet.models.adversarial import AdversarialLearner

        return AdversarialLearner
    raise AttributeError(f"module 'tinynet.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
