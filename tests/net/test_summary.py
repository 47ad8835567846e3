"""The summary of a net: what each row counts, the totals, and how it is shown."""

from html.parser import HTMLParser

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.layers import (
    GRU,
    Conv2D,
    ConvTranspose2D,
    Embedding,
    Flatten,
    Layer,
    Linear,
    MaxPool2D,
    MultiHeadAttention,
    ReLU,
    TransformerBlock,
)
from tinynet.net import Concat, Net, Residual
from tinynet.net.summary import WIDTH, net_html, short_repr, summarize
from tinynet.net.table_text import aligned, bytes_text, compact, html_table


def small_cnn() -> Net:
    return Net([Conv2D(1, 4, 3), ReLU(), MaxPool2D(2), Flatten(), Linear(36, 10)])


def test_rows_of_a_cnn():
    summary = small_cnn().summary((1, 8, 8))
    assert [row.path for row in summary.rows] == ["0", "1", "2", "3", "4"]
    assert [row.layer for row in summary.rows] == [
        "Conv2D(1, 4, 3)",
        "ReLU()",
        "MaxPool2D(2)",
        "Flatten()",
        "Linear(36, 10)",
    ]
    assert [row.shape for row in summary.rows] == [(4, 6, 6), (4, 6, 6), (4, 3, 3), (36,), (10,)]
    assert [row.trainable for row in summary.rows] == [40, 0, 0, 0, 370]
    assert [row.multiply_adds for row in summary.rows] == [4 * 6 * 6 * 9, 0, 0, 0, 360]
    assert [row.memory for row in summary.rows] == [4 * (144 + 40), 4 * 144, 4 * 36, 0, 4 * (10 + 370)]
    assert summary.rows[4].formula == "y = x Wᵀ + b"
    assert summary.totals == {
        "trainable": 410,
        "frozen": 0,
        "parameters": 410,
        "multiply_adds": 1656,
        "memory": 4 * (144 + 40 + 144 + 36 + 380),
    }


def test_convolutions_count_their_products():
    net = Net([Conv2D(4, 6, (3, 5), stride=2, groups=2), ConvTranspose2D(6, 4, 2, stride=2)])
    rows = net.summary((4, 9, 11)).rows
    assert rows[0].multiply_adds == 6 * 4 * 4 * (2 * 3 * 5)  # y is (6, 4, 4), each pixel a sum over 2·3·5 terms
    assert rows[1].multiply_adds == 6 * 4 * 4 * (4 * 2 * 2)  # each of the 6·4·4 inputs goes to 4·2·2 outputs


def test_a_linear_layer_over_a_sequence_counts_every_step():
    assert summarize(Linear(3, 5), (7, 3)).totals["multiply_adds"] == 7 * 3 * 5


def test_attention_and_recurrent_layers_count_every_place():
    summary = summarize(MultiHeadAttention(8, 2), (5, 8))
    assert [row.multiply_adds for row in summary.rows] == [
        5 * 3 * 8 * 8 + 2 * 2 * 5 * 5 * 4,  # q, k and v of 5 places; two products of 2 heads of width 4
        5 * 8 * 8,  # out_proj
    ]
    other = summarize(MultiHeadAttention(8, 2), [(5, 8), (3, 8)])
    assert other.rows[0].multiply_adds == (5 + 2 * 3) * 8 * 8 + 2 * 5 * 3 * 8
    assert summarize(GRU(3, 4), (5, 3)).totals["multiply_adds"] == 5 * 3 * (3 * 4 + 4 * 4)
    assert summarize(GRU(3, 4), (5, 3)).totals["parameters"] == 3 * (3 * 4 + 4 * 4 + 2 * 4)


def test_inner_layers_may_be_called_with_keywords():
    rows = summarize(TransformerBlock(8, 2), (5, 8)).rows  # hands its attention a key_padding_mask
    assert {row.path: row.shape for row in rows}["attention"] == (5, 8)


def test_a_net_of_tokens_gets_integers():
    summary = Net([Net([Embedding(10, 4)]), Linear(4, 10)]).summary((7,))
    assert [row.shape for row in summary.rows] == [(7, 4), (7, 4), (7, 10)]


def test_nested_layers_are_indented_under_their_composite_and_not_counted_twice():
    net = Net([Residual([Linear(4, 8), ReLU(), Linear(8, 4)]), Concat([[Linear(4, 2)], [Linear(4, 3)]])])
    summary = net.summary((4,))
    assert [(row.path, row.depth) for row in summary.rows] == [
        ("0", 0),
        ("0.body", 1),
        ("0.body.0", 2),
        ("0.body.1", 2),
        ("0.body.2", 2),
        ("1", 0),
        ("1.branches.0", 1),
        ("1.branches.0.0", 2),
        ("1.branches.1", 1),
        ("1.branches.1.0", 2),
    ]
    assert summary.rows[0].layer == "Residual"
    assert summary.rows[1].memory == 0  # its output is that of its last layer
    assert summary.totals["parameters"] == sum(p.size for p in net.parameters().values()) == 101
    assert "\n0.body.2            Linear(8, 4)" in str(summary)


def test_shared_and_frozen_parameters_are_counted_once_and_said():
    net = Net([Linear(4, 4), Linear(4, 4), Linear(4, 2)])
    net[1].weight = net[0].weight
    net[0].bias.trainable = False
    for parameter in net[2].parameters().values():
        parameter.trainable = False
    summary = net.summary((4,))
    assert [(row.trainable, row.frozen, row.shared) for row in summary.rows] == [(16, 4, 0), (4, 0, 16), (0, 10, 0)]
    assert summary.totals["parameters"] == 34
    text = str(summary)
    assert "20 (4 frozen)" in text
    assert "4 (shared)" in text
    assert "10 frozen" in text
    assert "34 parameters (20 trainable, 14 frozen)" in text


def test_the_net_stays_as_it_was():
    class Counter(Layer):
        def __init__(self):
            self.seen = np.zeros(1, np.float32)

        def forward(self, x):
            if self.training:
                self.seen += 1
            return x

        def backward(self, dy):
            return dy

    net = Net([Linear(2, 2), Counter()])
    net.summary((2,))
    assert net.training
    assert net[1].seen[0] == 0
    assert "forward" not in vars(net[0])
    with pytest.raises(RuntimeError, match="backward was called, but there is no forward"):
        net.backward(np.ones((1, 2), np.float32))


def test_a_layer_that_is_never_run_has_no_output():
    class Lazy(Layer):
        def __init__(self):
            self.scale = Parameter(np.ones(1))
            self.spare = Linear(2, 2)

        def forward(self, x):
            return x

        def backward(self, dy):
            return dy

    rows = summarize(Lazy(), (2,)).rows
    assert [(row.path, row.shape, row.parameters) for row in rows] == [("", (2,), 1), ("spare", None, 6)]
    assert "Linear(2, 2)  –  " in str(summarize(Lazy(), (2,)))


def test_several_inputs_and_outputs():
    class Swap(Layer):
        def forward(self, a, b):
            return b, a

        def backward(self, da, db):
            return db, da

    summary = summarize(Swap(), [(2,), (3, 4)])
    assert summary.rows[0].shape == ((3, 4), (2,))
    assert "an input of (N, 2), (N, 3, 4)" in str(summary)
    assert "Swap()  (N, 3, 4), (N, 2)" in str(summary)


def test_text_fits_into_its_width_and_is_aligned():
    net = Net([Residual([Residual([Conv2D(3, 3, (3, 3), stride=(1, 1), padding=(1, 1), dilation=(1, 1))])]), Flatten()])
    text = str(net.summary((3, 100, 100)))
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any("…" in line for line in lines)
    start = lines[2].index("Output")
    assert all(line[start:].startswith("(N, ") for line in lines[4:-2])
    assert repr(net.summary((3, 100, 100))) == text


def test_html_is_well_formed_and_escaped():
    class Odd(Linear):
        """A layer whose formula needs escaping.

        Equation:
            y = <x> & b
        """

    opened = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    net = Net([Odd(2, 2)])
    for page in (net.summary((2,))._repr_html_(), net._repr_html_(), net_html(net)):
        Balance().feed(page)
        assert opened == []
        assert "y = &lt;x&gt; &amp; b" in page
        assert "6 parameters" in page


def test_short_repr():
    assert short_repr(Conv2D(1, 2, 3, padding=1, rng=np.random.default_rng(0))) == "Conv2D(1, 2, 3, padding=1)"
    assert short_repr(Linear(1, 2, True)) == "Linear(1, 2)"
    assert short_repr(Linear(1, 2, bias=False)) == "Linear(1, 2, bias=False)"
    assert short_repr(Residual([Linear(1, 1)])) == "Residual"
    assert short_repr(Concat([[Linear(1, 1)]], axis=-1)) == "Concat(axis=-1)"

    class Named(Linear):
        def __repr__(self):
            return "Named\n  thing"

    assert short_repr(Named(1, 1)) == "Named thing"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (950, "950"),
        (999, "999"),
        (1000, "1.00 K"),
        (12_345, "12.3 K"),
        (999_600, "1.00 M"),
        (15_300_000_000, "15.3 G"),
    ],
)
def test_compact_numbers(count, text):
    assert compact(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1000, "1000 B"), (1536, "1.50 KiB"), (2**20, "1.00 MiB"), (3 * 2**30, "3.00 GiB")]
)
def test_bytes(count, text):
    assert bytes_text(count) == text


def test_a_shape_that_does_not_fit_names_the_layer():
    with pytest.raises(ValueError, match=r"layer 4: Linear\(.*expected x of shape \(N, 36\), got \(1, 64\)"):
        small_cnn().summary((1, 10, 10))


@pytest.mark.parametrize("shape", [8, [], [8], [(8,), 8], "8", None])
def test_input_shape_must_be_a_tuple(shape):
    with pytest.raises(
        TypeError, match=r"summary: input_shape must be a tuple of integers.*\nHint: leave out the batch axis"
    ):
        small_cnn().summary(shape)


def test_input_shape_must_be_positive_integers():
    with pytest.raises(ValueError, match=r"summary: input_shape\[1\] must be at least 1, got 0"):
        small_cnn().summary((1, 0, 8))
    with pytest.raises(TypeError, match=r"summary: input_shape\[0\] must be an integer, got 1.5"):
        small_cnn().summary((1.5,))


def test_a_number_takes_the_next_unit_where_it_would_round_to_a_thousand():
    assert compact(999_499) == "999 K"
    assert compact(999_500) == "1.00 M"
    assert bytes_text(1023) == "1023 B"
    assert bytes_text(1_048_000) == "1023 KiB"
    assert bytes_text(1_048_100) == "1.00 MiB"  # 1023.5 KiB


def test_text_is_cut_or_filled_to_the_width_of_its_column():
    assert aligned("abc", 5, left=True) == "abc  "
    assert aligned("abc", 5, left=False) == "  abc"
    assert aligned("Convolution", 6, left=True) == "Convo…"
    assert aligned("ab cdef", 4, left=True) == "ab… "  # no space before the dots


def test_a_table_in_html_aligns_each_column_to_its_side():
    html = html_table("Net", ["layer", "size"], [True, False], [("Linear", "12")], "12 in all")
    for cell, side in (("layer", "left"), ("size", "right"), ("Linear", "left"), ("12", "right")):
        assert f'text-align:{side}">{cell}</' in html


@pytest.mark.parametrize("nest", [Residual, lambda layer: Net([layer]), lambda layer: Residual(Net([layer, ReLU()]))])
def test_deeply_nested_nets_are_written_with_the_name_of_each_layer(nest):
    layer = Linear(4, 4)
    for _ in range(20):
        layer = nest(layer)
    net = Net([layer])
    text = str(net.summary((4,)))
    assert "Linear(4, 4)" in text
    assert text.count("\n") > 20
    assert repr(net).count("Linear(") == 1
