"""What the tests of ONNX share: models, inputs, and ONNX Runtime."""

import warnings

import numpy as np

import tinynet as tn
from tinynet import models
from tinynet.net.tuples import as_tuple

MODELS = {
    "mlp": (lambda: models.mlp(6, (5,), 3), (2, 3)),
    "digits_cnn": (lambda: models.digits_cnn(), (1, 8, 8)),
    "lenet5": (lambda: models.lenet5((1, 12, 12)), (1, 12, 12)),
    "mnist_cnn": (lambda: models.mnist_cnn((1, 8, 8)), (1, 8, 8)),
    "vgg11": (lambda: models.vgg11(width=2), (3, 32, 32)),
    "vgg16": (lambda: models.vgg16(width=2), (3, 32, 32)),
    "resnet20": (lambda: models.resnet20((3, 8, 8)), (3, 8, 8)),
    "mobilenet": (lambda: models.mobilenet((3, 8, 8), width=2), (3, 8, 8)),
    "unet": (lambda: models.unet(width=2), (1, 8, 8)),
    "conv_autoencoder": (lambda: models.conv_autoencoder((1, 8, 8)), (1, 8, 8)),
    "vae": (lambda: models.vae((1, 4, 4), hidden=5), (1, 4, 4)),
    "generator": (lambda: models.dcgan((1, 8, 8), 4, 2)[0], (4,)),
    "discriminator": (lambda: models.dcgan((1, 8, 8), 4, 2)[1], (1, 8, 8)),
    "char_lstm": (lambda: models.char_lstm(7, 4, 5, 2), (6,)),
    "char_gpt": (lambda: models.char_gpt(7, 8, 2, 2), (6,)),
    "seq2seq": (lambda: models.seq2seq(7, 8, 2, 6), [(6,), (4,)]),
}


def stirred(net):
    """Statistics and weights that no default has, so that a forgotten one shows; in evaluation mode."""
    rng = np.random.default_rng(0)
    for path, array in net._arrays():
        if path.endswith("running_var"):
            array[...] = rng.uniform(0.5, 1.5, array.shape)
        if path.endswith("running_mean"):
            array[...] = rng.normal(size=array.shape) * 0.2
    for parameter in net.parameters().values():
        parameter.tensor = parameter.tensor + 0.1 * rng.normal(size=parameter.shape)
    return net.eval()


def settled(net, inputs):
    """A net whose statistics are those of some data, as training leaves them, and no longer those of a new one."""
    for _ in range(20):
        net.train().forward(*inputs)
    return net.eval()


def numbers(shape, n):
    """A batch for a shape without batch axis."""
    return np.random.default_rng(n).normal(size=(n, *shape)).astype(np.float32)


def tokens(shape, n):
    return np.random.default_rng(n).integers(0, 7, (n, *shape))


def run(path, *inputs):
    """What ONNX Runtime makes of a file."""
    import onnxruntime as runtime

    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {given.name: x for given, x in zip(session.get_inputs(), inputs, strict=True)})


def layers_of(net):
    """The layers of a net that are no nets themselves."""
    return [layer for _, layer in net.layers_inside() if not isinstance(layer, tn.net.Net)]


def agree(expected, found):
    for y, answer in zip(as_tuple(expected), found, strict=True):
        assert y.shape == answer.shape
        assert np.abs(y - answer).max(initial=0) <= 1e-5


def given_for(row):
    """What export_onnx and the runtime get for a row of the contract's table, in the type of the net."""
    entries = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    inputs = [e if isinstance(e, np.ndarray) else np.random.default_rng(3).normal(size=e) for e in entries]
    inputs = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in inputs]
    if isinstance(row.build(), (tn.layers.LSTM, tn.layers.GRU)) and len(inputs) > 1:
        return [inputs[0], *[(x.shape[0], "N", x.shape[2]) for x in inputs[1:]]], inputs
    return list(inputs), inputs


def loaded(path, **options):
    """A net, whatever is said about batch norm."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "load_onnx: batch norm was merged")
        return tn.load_onnx(path, **options)
