"""Models of text: they learn, go on from a cache as from the whole text, and write."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Text
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.models import char_gpt, char_lstm, generate
from tinynet.optimizers import Adam


def n_parameters(net):
    return sum(parameter.size for parameter in net.parameters().values())


def small_gpt(vocabulary=7):
    return char_gpt(vocabulary, embed_dim=16, num_heads=2, num_layers=2)


def small_lstm(vocabulary=7):
    return char_lstm(vocabulary, embedding_dim=12, hidden_size=16, num_layers=2)


def test_sizes_with_the_defaults():
    block = 3 * 128 * 128 + 3 * 128 + 128 * 128 + 128 + 8 * 128 * 128 + 4 * 128 + 128 + 4 * 128
    assert n_parameters(char_gpt()) == 65 * 128 + 4 * block + 2 * 128 + 128 * 65 + 65
    assert n_parameters(char_lstm()) == 65 * 256 + 2 * 4 * (256 * 256 + 256) + 256 * 65 + 65


def test_weights_of_gpt_are_drawn_as_in_the_paper():
    tn.seed(0)
    state = char_gpt().state()
    for path in ("0.weight", "1.attention.in_proj_weight", "1.linear1.weight", "6.weight"):
        assert abs(state[path].std() - 0.02) < 0.001
    for path in ("1.attention.out_proj.weight", "4.linear2.weight"):
        assert abs(state[path].std() - 0.02 / 8**0.5) < 0.0005


@pytest.mark.parametrize("make", [char_gpt, char_lstm])
@pytest.mark.parametrize("pieces", [[1] * 12, [5, 1, 6]])
def test_cached_and_uncached_logits_agree(make, pieces):
    net = make()
    for parameter in net.parameters().values():
        if parameter.tensor.ndim == 2:  # as large as trained ones
            parameter.tensor *= 3
    x = np.random.default_rng(0).integers(65, size=(2, 12))
    whole, parts, state, start = net.predict(x), [], None, 0
    for length in pieces:
        y, state = net.step(x[:, start : start + length], state)
        parts.append(y)
        start += length
    assert abs(whole - np.concatenate(parts, axis=1)).max() < 1e-5


@pytest.mark.parametrize("make", [small_gpt, small_lstm])
def test_no_place_sees_what_comes_after_it(make):
    net = make()
    x = np.random.default_rng(0).integers(7, size=(1, 9))
    other = x.copy()
    other[0, 6:] = (x[0, 6:] + 1) % 7
    difference = abs(net.predict(x) - net.predict(other)).max(axis=-1)[0]
    assert difference[:6].max() == 0
    assert difference[6:].min() > 0


@pytest.mark.parametrize("make", [small_gpt, small_lstm])
def test_it_learns_a_text_and_goes_on_with_it(make):
    tn.seed(0)
    text = Text("a stitch in time saves nine. " * 40, length=32, stride=3, valid=0)
    net = make(len(text.vocabulary))
    history = Learner(net, cross_entropy, Adam(0.01), text.train, batch_size=16).fit(6, progress=False)
    assert history["loss"][-1] < 0.25 < 1.5 < history["loss"][0]
    written = text.decode(generate(net, text.encode("a stitch in "), 16, temperature=0))
    assert written == "time saves nine."


def test_greedy_writing_takes_the_likeliest_token_each_time():
    net = small_gpt()
    prompt = np.array([1, 2, 3])
    written = generate(net, prompt, 5, temperature=0)
    text = list(prompt)
    for token in written:
        assert token == net.predict(np.array([text]))[0, -1].argmax()
        text.append(token)
    np.testing.assert_array_equal(generate(net, prompt, 5, top_k=1), written)


def test_tokens_are_drawn_as_often_as_they_are_likely():
    net = small_lstm(4)
    logits = net.predict(np.array([[1]]))[0, -1].astype(float)

    def shares(**options):
        rng = np.random.default_rng(0)
        drawn = [generate(net, np.array([1]), 1, rng=rng, **options)[0] for _ in range(400)]
        return np.bincount(drawn, minlength=4) / 400

    def softmax(x):
        return np.exp(x) / np.exp(x).sum()

    np.testing.assert_allclose(shares(), softmax(logits), atol=0.08)
    np.testing.assert_allclose(shares(temperature=0.1), softmax(logits / 0.1), atol=0.08)
    two = np.where(logits >= np.sort(logits)[-2], logits, -np.inf)
    np.testing.assert_allclose(shares(top_k=2), softmax(two), atol=0.08)


@pytest.mark.parametrize("n_prompt", [1, 3, 11])
def test_a_full_context_begins_anew_with_its_later_half(n_prompt):
    net = small_gpt()
    prompt = np.arange(n_prompt) % 7
    written = generate(net, prompt, 12, temperature=0, context=6)
    text, seen = list(prompt), list(prompt[-6:])
    for token in written:
        assert token == net.predict(np.array([seen]))[0, -1].argmax()
        text.append(token)
        seen = [*seen, token] if len(seen) < 6 else text[-3:]


def test_one_seed_writes_one_text():
    net = small_gpt()
    texts = []
    for number in (3, 3, 4):
        tn.seed(number)
        texts.append(generate(net, np.array([0]), 20).tolist())
    assert texts[0] == texts[1] != texts[2]


def test_writing_leaves_the_net_in_training():
    net = small_gpt()
    generate(net, np.array([0]), 2)
    assert all(layer.training for _, layer in net.layers_inside())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"length": 0}, "generate: length must be at least 1"),
        ({"temperature": -1}, "generate: temperature must be at least 0"),
        ({"top_k": 0}, "generate: top_k must be at least 1"),
        ({"context": 1}, "generate: context must be at least 2"),
        ({"prompt": np.zeros(0, int)}, "generate: prompt"),
        ({"prompt": np.zeros((1, 2), int)}, r"generate: expected prompt of shape \(T,\)"),
    ],
)
def test_what_cannot_be_written_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        generate(small_lstm(), **{"prompt": np.array([0]), "length": 3} | options)


@pytest.mark.parametrize("make", [small_gpt, small_lstm])
def test_it_is_saved_and_loaded(make, tmp_path):
    net = make()
    tn.save(net, tmp_path / "net.safetensors")
    x = np.array([[0, 3, 1]])
    np.testing.assert_array_equal(tn.load(tmp_path / "net.safetensors").predict(x), net.predict(x))
