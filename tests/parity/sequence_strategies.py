"""Draws configurations of norms, embeddings, recurrent layers and attention."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.parity.drawing import Configuration, Draw, shape, size

EPS = st.sampled_from([1e-5, 0.1])


@st.composite
def batch_norm(draw: Draw, n_dims: int) -> Configuration:
    features, training = draw(size(1, 3)), draw(st.booleans())
    arguments = {
        "num_features": features,
        "eps": draw(EPS),
        "momentum": draw(st.sampled_from([0.0, 0.1, 1.0, None])),
        "affine": draw(st.booleans()),
        "track_running_stats": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    n = draw(size(2, 4))  # one value has no variance
    dims = [n, *draw(shape(0, 1)), features] if n_dims == 1 else [n, features, *draw(shape(2, 2))]
    return {"arguments": arguments, "shape": dims, "training": training}


@st.composite
def layer_norm(draw: Draw) -> Configuration:
    normalized = draw(st.one_of(size(1, 4), shape(1, 2)))
    arguments = {
        "normalized_shape": normalized,
        "eps": draw(EPS),
        "elementwise_affine": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    return {"arguments": arguments, "shape": [*draw(shape(1, 2)), *_as_list(normalized)]}


@st.composite
def rms_norm(draw: Draw) -> Configuration:
    normalized = draw(st.one_of(size(1, 4), shape(1, 2)))
    arguments = {
        "normalized_shape": normalized,
        "eps": draw(st.one_of(st.none(), EPS)),
        "elementwise_affine": draw(st.booleans()),
    }
    return {"arguments": arguments, "shape": [*draw(shape(1, 2)), *_as_list(normalized)]}


@st.composite
def group_norm(draw: Draw) -> Configuration:
    groups = draw(size(1, 3))
    arguments = {
        "num_groups": groups,
        "num_channels": groups * draw(size(1, 3)),
        "eps": draw(EPS),
        "affine": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    # PyTorch refuses a single value for each channel, which needs a group with nothing to average over.
    return {
        "arguments": arguments,
        "shape": [draw(size(1, 3)), arguments["num_channels"], draw(size(2, 4)), *draw(shape(0, 1))],
    }


@st.composite
def embedding(draw: Draw) -> Configuration:
    n = draw(size(1, 6))
    padding = draw(st.one_of(st.none(), size(0, n - 1)))
    arguments = {"num_embeddings": n, "embedding_dim": draw(size(1, 4)), "padding_idx": padding}
    return {"arguments": arguments, "shape": draw(shape(1, 3)), "vocabulary": n}


@st.composite
def positions(draw: Draw, first: str, n_dims: tuple[int, int] = (2, 2)) -> Configuration:
    """A layer that adds or turns positions; `first` is what it calls the features."""
    dim, T = 2 * draw(size(1, 3)), draw(size(1, 5))
    arguments = {"max_length": T + draw(size(0, 2))} if first == "learned" else {}
    arguments |= {"dim" if first == "rotary" else "embedding_dim": dim}
    if first == "rotary":
        arguments["base"] = draw(st.sampled_from([100.0, 10000.0]))
    return {"arguments": arguments, "shape": [*draw(shape(n_dims[0] - 1, n_dims[1] - 1)), T, dim]}


@st.composite
def recurrent(draw: Draw, n_states: int, with_nonlinearity: bool = False) -> Configuration:
    """Sequences of 1 to 50 steps, with or without first states and padding; an LSTM may project its states."""
    hidden, layers, bidirectional = draw(size(1, 3)), draw(size(1, 2)), draw(st.booleans())
    projected = draw(size(0, hidden - 1)) if n_states == 2 else 0
    arguments = {
        "input_size": draw(size(1, 3)),
        "hidden_size": hidden,
        "num_layers": layers,
        **({"nonlinearity": draw(st.sampled_from(["tanh", "relu"]))} if with_nonlinearity else {}),
        "bias": draw(st.booleans()),
        "bidirectional": bidirectional,
        "return_state": draw(st.booleans()),
        **({"proj_size": projected} if projected else {}),
    }
    n, T = draw(size(1, 3)), draw(st.one_of(size(1, 6), size(1, 50)))
    configuration = {"arguments": arguments, "shape": [n, T, arguments["input_size"]]}
    if draw(st.booleans()):
        sizes = (projected or hidden, hidden)[:n_states]
        configuration["others"] = [[layers * (1 + bidirectional), n, size] for size in sizes]
    return configuration | draw(lengths(n, T))


@st.composite
def attention(draw: Draw) -> Configuration:
    """Of one sequence, of one and a memory, or of queries, keys and values apart."""
    heads, n, T, causal = draw(size(1, 3)), draw(size(1, 3)), draw(size(1, 5)), draw(st.booleans())
    rotary = draw(st.booleans())
    width = heads * draw(size(1, 2)) * (2 if rotary else 1)
    arguments = {
        "embed_dim": width,
        "num_heads": heads,
        "bias": draw(st.booleans()),
        "causal": causal,
        "rotary": rotary,
    }
    n_inputs = draw(size(1, 3))
    S = T if n_inputs == 1 else T + draw(size(0, 3)) if causal else draw(size(1, 6))
    others = [[n, S, width]] * (n_inputs - 1)
    masks = draw(lengths(n, S)) | draw(attention_masks(n, heads, T, S))
    return {"arguments": arguments, "shape": [n, T, width], "others": others, **masks}


@st.composite
def attention_masks(draw: Draw, n: int, heads: int, T: int, S: int) -> Configuration:
    """No mask of each query and key, or its kind and shape."""
    if draw(st.booleans()):
        return {}
    kind = draw(st.sampled_from(["bools", "numbers", "numbers and −∞"]))
    return {"attn_mask": {"kind": kind, "shape": draw(st.sampled_from([[T, S], [n * heads, T, S]]))}}


@st.composite
def transformer_block(draw: Draw) -> Configuration:
    heads, n, T = draw(size(1, 2)), draw(size(1, 3)), draw(size(1, 5))
    arguments = {
        "embed_dim": heads * draw(size(1, 3)),
        "num_heads": heads,
        "mlp_dim": draw(size(1, 5)),
        "causal": draw(st.booleans()),
        "norm_first": draw(st.booleans()),
        "activation": draw(st.sampled_from(["gelu", "relu"])),
    }
    masks = draw(lengths(n, T)) | draw(attention_masks(n, heads, T, T))
    return {"arguments": arguments, "shape": [n, T, arguments["embed_dim"]], **masks}


@st.composite
def lengths(draw: Draw, n: int, longest: int) -> Configuration:
    """No mask, or how much of each sequence is no padding."""
    drawn = st.lists(size(1, longest), min_size=n, max_size=n)
    return draw(st.one_of(st.just({}), drawn.map(lambda lengths: {"lengths": lengths})))


def _as_list(value: int | list[int]) -> list[int]:
    return [value] if isinstance(value, int) else value


LAYERS = {
    "BatchNorm1D": batch_norm(1),
    "BatchNorm2D": batch_norm(2),
    "LayerNorm": layer_norm(),
    "GroupNorm": group_norm(),
    "RMSNorm": rms_norm(),
    "Embedding": embedding(),
    "LearnedPosition": positions("learned"),
    "SinusoidalPosition": positions("sinusoidal"),
    "RotaryPosition": positions("rotary", (1, 3)),
    "RNN": recurrent(1, with_nonlinearity=True),
    "LSTM": recurrent(2),
    "GRU": recurrent(1),
    "MultiHeadAttention": attention(),
    "TransformerBlock": transformer_block(),
}
