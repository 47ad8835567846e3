"""Models of text, character by character, and how to write with them."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks, stream
from tinynet.core.checks.vocabulary import at_least, divisor_of, fraction, generator, instance, number, optional
from tinynet.core.initializers import normal
from tinynet.layers import LSTM, Embedding, LayerNorm, Linear, TransformerBlock
from tinynet.net import Net


def char_lstm(vocabulary: int = 65, embedding_dim: int = 256, hidden_size: int = 256, num_layers: int = 1) -> Net:
    """An embedding, an LSTM and a linear layer: each character is predicted from a state of those before.

    Shapes:
        x: (N, T) integers    y: (N, T, vocabulary), logits for the character after each

    Args:
        vocabulary: How many different characters there are.
        embedding_dim: The length of the vector of each.
        hidden_size: The size of the state.
        num_layers: The number of LSTM layers.

    Example:
        >>> char_lstm().forward(np.zeros((2, 5), np.int64)).shape
        (2, 5, 65)
    """
    checks.arguments(
        "char_lstm",
        locals(),
        vocabulary=at_least(1),
        embedding_dim=at_least(1),
        hidden_size=at_least(1),
        num_layers=at_least(1),
    )
    return Net(
        [
            Embedding(vocabulary, embedding_dim),
            LSTM(embedding_dim, hidden_size, num_layers),
            Linear(hidden_size, vocabulary),
        ]
    )


def char_gpt(
    vocabulary: int = 65, embed_dim: int = 128, num_heads: int = 4, num_layers: int = 4, dropout: float = 0.0
) -> Net:
    """A small GPT: transformer blocks in which each place reads from those before it, with rotary positions.

    Weights are drawn as in Radford et al. 2019: normal with standard deviation 0.02, and those that end a residual
    divided by √(2 · num_layers), so that the sum of all residuals does not grow with the depth.

    Shapes:
        x: (N, T) integers    y: (N, T, vocabulary), logits for the character after each

    Args:
        vocabulary: How many different characters there are.
        embed_dim: Features of every place.
        num_heads: Heads of each attention.
        num_layers: Blocks.
        dropout: The share dropped from what each residual adds.

    Example:
        >>> char_gpt().forward(np.zeros((2, 5), np.int64)).shape
        (2, 5, 65)
    """
    checks.arguments(
        "char_gpt",
        locals(),
        vocabulary=at_least(1),
        embed_dim=at_least(1),
        num_heads=divisor_of("embed_dim"),
        num_layers=at_least(1),
        dropout=fraction,
    )
    blocks = [
        TransformerBlock(embed_dim, num_heads, dropout=dropout, causal=True, rotary=True) for _ in range(num_layers)
    ]
    for block in blocks:
        _draw(block.attention.in_proj_weight, 0.02)
        _draw(block.attention.out_proj.weight, 0.02 / (2 * num_layers) ** 0.5)
        _draw(block.linear1.weight, 0.02)
        _draw(block.linear2.weight, 0.02 / (2 * num_layers) ** 0.5)
    net = Net([Embedding(vocabulary, embed_dim), *blocks, LayerNorm(embed_dim), Linear(embed_dim, vocabulary)])
    _draw(net.parameters()["0.weight"], 0.02)
    _draw(net.parameters()[f"{num_layers + 2}.weight"], 0.02)
    return net


def generate(
    net: Net,
    prompt: np.ndarray,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    context: int | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Let a language model continue a text, one token at a time; its state is kept, so no token is read twice.

    Args:
        net: A net from tokens (N, T) to logits (N, T, vocabulary), whose layers can `step`.
        prompt: The beginning, (T,) integers, at least one.
        length: How many tokens to add, at least 1.
        temperature: Logits are divided by it: below 1 likely tokens become likelier, 0 takes the likeliest each time.
        top_k: If given, only this many of the most likely tokens may be drawn.
        context: The longest sequence that the net was trained on, at least 2, for a net with positions: when it is
            full, the net starts again with its later half.
        rng: Where the draws come from; the package's "shuffling" stream if None.

    Returns:
        The new tokens, (length,).

    Raises:
        ValueError: A number is out of range, or the prompt is empty.

    Example:
        >>> generate(char_lstm(vocabulary=5), np.array([0, 1]), length=3).shape
        (3,)
    """
    checks.arguments(
        "generate",
        locals(),
        net=instance(Net),
        length=at_least(1),
        temperature=number(0),
        top_k=optional(at_least(1)),
        context=optional(at_least(2)),
        rng=optional(generator),
    )
    _check_prompt(prompt)
    rng = stream("shuffling") if rng is None else rng
    text = [int(token) for token in prompt]
    unread, state, n_read = text[-context:] if context else text, None, 0
    for _ in range(length):
        if context is not None and n_read + len(unread) > context:
            unread, state, n_read = text[-(context // 2) :], None, 0
        logits, state = net.step(np.array([unread]), state)
        n_read += len(unread)
        unread = [_choose(logits[0, -1].astype(np.float64), temperature, top_k, rng)]
        text += unread
    return np.array(text[len(prompt) :])


def _check_prompt(prompt: object) -> None:
    """Check that a prompt is a row of tokens, with at least one."""
    prompt = checks.as_array("generate", "prompt", prompt)
    checks.input_shape("generate", prompt, ("T",), name="prompt")
    checks.non_empty_list("generate", "prompt", list(prompt))
    for i, token in enumerate(prompt):
        checks.integer("generate", f"prompt[{i}]", token, minimum=0)


def _choose(logits: np.ndarray, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None:
        logits = np.where(logits >= np.sort(logits)[-min(top_k, len(logits))], logits, -np.inf)
    p = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(p), p=p / p.sum()))


def _draw(weight: Parameter, std: float) -> None:
    weight.tensor = normal(weight.shape, std=std)
