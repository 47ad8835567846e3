"""Read a PyTorch module: a net of layers with its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.exchange import torch_sentences as sentences
from tinynet.exchange.lazily import imported
from tinynet.exchange.torch_names import RENAMED, TORCH_NAMES, parameters_of
from tinynet.exchange.torch_twins import is_twin
from tinynet.layers import Dropout, GroupNorm, Layer, Permute, Reshape, TransformerBlock
from tinynet.models import EncoderDecoder, VariationalAutoencoder
from tinynet.net import Named, Net, Padded
from tinynet.storage import architecture
from tinynet.storage.sentences import layer_classes

#: PyTorch's layers for (N, C, T), where ours are for (N, T, C).
FEATURES_FIRST = {
    "Conv1d": "Conv1D",
    "ConvTranspose1d": "ConvTranspose1D",
    "MaxPool1d": "MaxPool1D",
    "AvgPool1d": "AvgPool1D",
    "AdaptiveAvgPool1d": "AdaptiveAvgPool1D",
    "AdaptiveMaxPool1d": "AdaptiveMaxPool1D",
    "ZeroPad1d": "ZeroPad1D",
    "ReflectionPad1d": "ReflectionPad1D",
    "ReplicationPad1d": "ReplicationPad1D",
}
RECURRENT = ("RNN", "LSTM", "GRU")
OURS = {torch_name: name for name, torch_name in TORCH_NAMES.items()} | FEATURES_FIRST
OURS |= {name: name for name in RECURRENT} | {"MultiheadAttention": "MultiHeadAttention", "MaxUnpool2d": "MaxUnpool2D"}
MODELS: dict[str, type[Layer]] = {kind.__name__: kind for kind in (EncoderDecoder, VariationalAutoencoder)}
#: Options that our layers lack, with the value that leaves a layer as ours is.
NEUTRAL = {
    "padding_mode": "zeros",
    "max_norm": None,
    "scale_grad_by_freq": False,
    "batch_first": True,
    "proj_size": 0,
    "dropout": 0.0,
    "bias_k": None,
    "add_zero_attn": False,
    "_qkv_same_embed_dim": True,
    "recompute_scale_factor": None,
}
ENDS_A_SEQUENCE = ("Linear", "Flatten", "Conv2d", "Embedding")  #: after which BatchNorm1d gets no (N, C, T)


def from_pytorch(module: Any, layers: Sequence[type[Layer]] = ()) -> Any:
    """Build a net of our layers from a PyTorch module, with its weights.

    It reads `nn.Sequential`, the common layers of `torch.nn`, and what `export_pytorch` writes. Code of a module's own
    `forward`, as that of a `Graph` is there, cannot be read; it comes in by ONNX and `load_onnx`. The net is in
    evaluation mode, frozen parameters are frozen, shared ones shared, half precision becomes float32. Layers that
    PyTorch gives (N, C, T) stand between two `Permute`s, because ours take (N, T, C). An RNN, LSTM or GRU returns its
    states beside y, attention returns no weights.

    Args:
        module: The module.
        layers: Layer classes of your own, each for the modules whose class has its name and its arguments as
            attributes.

    Returns:
        A Net for a Sequential, else the layer.

    Raises:
        ImportError: PyTorch is not installed.
        TypeError: It is no module, or holds one that has no layer here; its path is named.
        ValueError: A module has an option that the layer lacks, which is named.

    Example:
        >>> from torch import nn  # doctest: +SKIP
        >>> from_pytorch(nn.Sequential(nn.Linear(4, 3), nn.ReLU()))  # doctest: +SKIP
        Net(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
        )
    """
    torch = imported("from_pytorch", "torch", "pip install torch")
    own = layer_classes("from_pytorch", layers, Layer)
    if not isinstance(module, torch.nn.Module):
        sentences.no_module(module)
    reader = _Reader(torch, own)
    with architecture.streams_kept():
        net = reader.read(module, "")
        if isinstance(net, list):
            fail("from_pytorch", "the module is an empty Sequential.", "put a layer into it.")
        _fill(net, module, reader.made)
    return net.eval()


class _Reader:
    """Turns modules into layers, and notes which layer came from which module."""

    def __init__(self, torch: Any, own: dict[str, type[Layer]]) -> None:
        self.torch = torch
        self.classes = architecture.built_in_classes() | MODELS | own
        self.own = own
        self.made: list[tuple[Layer, Any]] = []
        self.in_sequence = False  # whether what comes is (N, C, T)

    def read(self, module: Any, path: str) -> Any:
        """The layer of a module; an empty list for a Sequential without modules."""
        name, is_torchs = type(module).__name__, type(module).__module__.startswith("torch.nn.")
        stacks: dict[str, type[Net]] = {"Net": Net, "Padded": Padded, "Named": Named}
        stack = next((kind for twin, kind in stacks.items() if is_twin(module, twin)), None)
        if stack or type(module).forward is self.torch.nn.Sequential.forward:
            # Not named_children, which leaves out a module that stands there a second time.
            children = {key: self.read(child, f"{path}{key}.") for key, child in module._modules.items()}
            layers: Any = {key: child or Dropout(0.0) for key, child in children.items()}
            return (stack or Net)(layers if stack is Named else list(layers.values())) if layers else []
        if is_torchs:
            return self.torchs_own(module, name, path)
        if name in self.own or is_twin(module, name):
            return self.layer(module, self.classes[name], path)
        sentences.unknown(module, path)

    def torchs_own(self, module: Any, name: str, path: str) -> Layer:
        """A layer that PyTorch has."""
        if name in READERS:
            return READERS[name](self, module, path)
        if name not in OURS and name != "BatchNorm1d":
            sentences.unknown(module, path)
        self.in_sequence = (self.in_sequence or name in FEATURES_FIRST) and name not in ENDS_A_SEQUENCE
        layer = self.layer(module, self.classes[OURS.get(name, "BatchNorm1D")], path)
        turned = name in FEATURES_FIRST or (name == "BatchNorm1d" and self.in_sequence)
        if turned and getattr(module, "return_indices", False):
            sentences.option(module, path, "return_indices", False)  # a Permute takes one input
        return Net([Permute(1, 0), layer, Permute(1, 0)]) if turned else layer

    def layer(self, module: Any, kind: type[Layer], path: str) -> Layer:
        """A layer whose arguments are attributes of the module."""
        if kind is TransformerBlock:
            return _block(self, module, path)
        parameters, renamed = parameters_of(kind), RENAMED.get(kind.__name__, {})
        given: dict[str, Any] = {"return_state": True} if kind.__name__ in RECURRENT else {}
        for name, parameter in parameters.items():
            found = self.argument(module, renamed.get(name, name), f"{path}{name}.")
            is_several = parameter.kind is parameter.VAR_POSITIONAL or parameter.annotation == "tuple[int, ...]"
            if isinstance(found, tuple) and len(found) == 1 and not is_several:
                found = found[0]
            if found is not parameter.empty and name != "rng":
                given[name] = found
        known = {renamed.get(name, name) for name in parameters}
        for option, neutral in NEUTRAL.items():
            value = getattr(module, option, neutral)
            if option not in known and value is not neutral and (neutral is None or value != neutral):
                sentences.option(module, path, option, neutral)
        unnamed = [given.pop(name) for name, p in parameters.items() if p.kind is p.VAR_POSITIONAL]
        try:
            made = kind(*(unnamed[0] if unnamed else ()), **given)
        except (TypeError, ValueError) as error:
            sentences.unfit(module, path, error)
        return self.note(made, module)

    def argument(self, module: Any, name: str, path: str) -> Any:
        """What an argument of a constructor was, seen from the module."""
        value = getattr(module, name, _EMPTY)
        if name == "bias" and value is _EMPTY:  # its parts have one, or none has
            return any(key.endswith("bias") for key, _ in module.named_parameters())
        if name == "bias" and not isinstance(value, bool):
            return value is not None
        if isinstance(value, self.torch.nn.ModuleList):
            return [self.read(child, f"{path}{index}.") for index, child in enumerate(value)]
        if isinstance(value, self.torch.nn.Module):
            return self.read(value, path)
        if name == "align_corners":
            return bool(value)
        return value

    def note(self, layer: Layer, module: Any) -> Layer:
        """Remember where the weights of a layer are."""
        self.made.append((layer, module))
        return layer


_EMPTY = parameters_of(Dropout)["rng"].empty


def _block(reader: _Reader, module: Any, path: str) -> Layer:
    """A transformer block, whose arguments lie in its parts."""
    attention = getattr(module, "self_attn", None) or module.attention
    activation = _activation(reader.torch.nn, module.activation)
    if not activation:
        sentences.unfit(module, path, ValueError("its activation is neither gelu nor relu."))
    if type(module).__name__ == "TransformerEncoderLayer":
        for option, found, wanted in (
            ("batch_first", attention.batch_first, True),
            ("dropout of the attention", attention.dropout, 0.0),
            ("dropout between the linear layers", module.dropout.p, 0.0),
        ):
            if found != wanted:
                sentences.option(module, path, option, wanted)
    layer = TransformerBlock(
        attention.embed_dim,
        attention.num_heads,
        module.linear1.out_features,
        module.dropout1.p,
        causal=getattr(attention, "causal", False),
        rotary=getattr(attention, "rotary", False),
        bias=module.linear1.bias is not None,
        norm_first=module.norm_first,
        activation=activation,
    )
    layer.norm1.eps, layer.norm2.eps = module.norm1.eps, module.norm2.eps
    return reader.note(layer, module)


def _activation(nn: Any, given: Any) -> str:
    """The name of the activation of a transformer block; nothing if it is another than those that ours may have."""
    if given in ("gelu", nn.functional.gelu) or getattr(given, "approximate", "") == "none":
        return "gelu"
    return "relu" if given in ("relu", nn.functional.relu) or isinstance(given, nn.ReLU) else ""


def _encoder(reader: _Reader, module: Any, path: str) -> Layer:
    """A stack of transformer blocks, with a norm after them or none."""
    blocks = [_block(reader, block, f"{path}layers.{index}.") for index, block in enumerate(module.layers)]
    return Net([*blocks, *([] if module.norm is None else [reader.read(module.norm, f"{path}norm.")])])


def _unflattened(reader: _Reader, module: Any, path: str) -> Layer:
    if module.dim != 1:
        sentences.option(module, path, "dim", 1)
    return Reshape(*module.unflattened_size)


def _instance_norm(reader: _Reader, module: Any, path: str) -> Layer:
    """Every channel of every sample by itself: a group norm with a group for each channel."""
    if module.track_running_stats:
        sentences.option(module, path, "track_running_stats", False)
    C = module.num_features
    layer = GroupNorm(C, C, module.eps, module.affine, bias=module.bias is not None)
    return reader.note(layer, module)


#: Modules of PyTorch that are read in another way.
READERS: dict[str, Callable[[_Reader, Any, str], Layer]] = {
    "Identity": lambda reader, module, path: Dropout(0.0),
    "Unflatten": _unflattened,
    "InstanceNorm1d": _instance_norm,
    "InstanceNorm2d": _instance_norm,
    "TransformerEncoderLayer": _block,
    "TransformerEncoder": _encoder,
}


def _fill(net: Layer, module: Any, made: list[tuple[Layer, Any]]) -> None:
    """Copy all weights and statistics, and let parameters share that share in the module."""
    tensors = module.state_dict(keep_vars=True)
    is_double = any(str(tensor.dtype) == "torch.float64" for tensor in tensors.values())
    net.astype(np.float64 if is_double else np.float32)
    holders: dict[int, list[Any]] = {}  # by tensor, the parameters that it fills
    used = set()
    for layer, source in made:
        state = {_our_name(name): tensor for name, tensor in source.state_dict(keep_vars=True).items()}
        for name, parameter in architecture.all_parameters(layer).items():
            if name in state:
                tensor = state[name]
                parameter.tensor, parameter.trainable = _numbers(tensor), bool(tensor.requires_grad)
                holders.setdefault(id(tensor), []).append(parameter)
        for name, holder, attribute in architecture.statistics(layer):
            if name in state:
                vars(holder)[attribute][...] = _numbers(state[name])
                used.add(id(state[name]))
    unused = [name for name, tensor in tensors.items() if id(tensor) not in used | holders.keys()]
    filled = {id(parameter) for several in holders.values() for parameter in several}
    missing = [name for name, parameter in net.parameters().items() if id(parameter) not in filled]
    if unused or missing:
        sentences.other_weights(unused, missing)
    path_of = {id(parameter): path for path, parameter in architecture.all_parameters(net).items()}
    ties = {path_of[id(p)]: path_of[id(first)] for first, *others in holders.values() for p in others if p is not first}
    if ties:
        architecture.share(net, ties)


def _our_name(name: str) -> str:
    return name.replace("self_attn.", "attention.", 1) if name.startswith("self_attn.") else name


def _numbers(tensor: Any) -> np.ndarray:
    """A tensor as an array; NumPy has no bfloat16, and float16 is too narrow to compute in."""
    tensor = tensor.detach().cpu()
    wide = tensor if str(tensor.dtype) == "torch.float64" or not tensor.is_floating_point() else tensor.float()
    return wide.numpy().copy()
