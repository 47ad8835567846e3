"""The parts of the methods by hand: aims, maps, patches, paths, projections."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinynet import probe
from tinynet.layers import (
    GELU,
    Conv1D,
    Conv2D,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2D,
    MultiHeadAttention,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.net import Net, Residual
from tinynet.probe.interpret.attention import _Maps
from tinynet.probe.interpret.attribution import Attribution, LayerAttribution, PathAttribution
from tinynet.probe.interpret.deconvnet import _channels, _kept
from tinynet.probe.interpret.grad_cam import _enlarged, _maps, _without_evidence
from tinynet.probe.interpret.guided import _words, relu_notes
from tinynet.probe.interpret.inside import _Outputs, _places, has_convolutions, last_maps, layer_at
from tinynet.probe.interpret.integrated import _baseline, _rows, _with_notes
from tinynet.probe.interpret.landscape import _filters
from tinynet.probe.interpret.maximization import _bounds, _units
from tinynet.probe.interpret.occlusion import _area, _cover, _patches, _step
from tinynet.probe.interpret.projection import _divergence, _gradient, _points, _squared_distances
from tinynet.probe.interpret.randomization import RandomizationCheck, _fixed, _own, _similarity
from tinynet.probe.interpret.representations import _flat, _last_linear
from tinynet.probe.interpret.subject import Subject, _last, first_layer, listed, named, opened, replacing, title_of
from tinynet.probe.interpret.target import aim, dot

RNG = np.random.default_rng(0)


# Aims.


@pytest.mark.parametrize(
    ("outputs", "target", "direction", "labels"),
    [
        ([[1.0, 3.0], [5.0, 2.0]], None, [[0, 1], [1, 0]], [1, 0]),
        ([[1.0, 3.0], [5.0, 2.0]], 0, [[1, 0], [1, 0]], [0, 0]),
        ([[1.0, 3.0], [5.0, 2.0]], [1, 1], [[0, 1], [0, 1]], [1, 1]),
        ([[1.0, 3.0], [5.0, 2.0]], (-1,), [[0, 1], [0, 1]], [[-1], [-1]]),
        ([4.0, 5.0], None, [1, 1], [0, 0]),
        ([[[9.0, 0.0], [1.0, 2.0]]], None, [[[0, 0], [0, 1]]], [1]),
        ([[[9.0, 0.0], [1.0, 2.0]]], (0, 1), [[[0, 1], [0, 0]]], [[0, 1]]),
        ([[[[9.0, 0.0]], [[4.0, 4.0]]]], None, [[[[0.5, 0.5]], [[0, 0]]]], [0]),
        ([[[[9.0, 0.0]], [[5.0, 5.0]]]], None, [[[[0, 0]], [[0.5, 0.5]]]], [1]),
        ([[[[9.0, 0.0]], [[4.0, 4.0]]]], (1, 0, 1), [[[[0, 0]], [[0, 1]]]], [[1, 0, 1]]),
    ],
    ids=range(10),
)
def test_an_aim(outputs: Any, target: Any, direction: Any, labels: Any) -> None:
    found, which = aim("saliency", np.array(outputs), target)
    assert found.tolist() == direction
    assert which.tolist() == labels


@pytest.mark.parametrize("target", [(2,), (-3,), (0, 0), ()])
def test_an_index_that_is_none(target: Any) -> None:
    with pytest.raises(ValueError, match=r"^saliency: target \(.*\) is no index of an output of shape \(2,\)"):
        aim("saliency", np.ones((1, 2)), target)
    assert aim("saliency", np.ones((1, 2)), (-2,))[0].tolist() == [[1, 0]]


@pytest.mark.parametrize("target", [-1, 2, [0, 2], [-1, 0]])
def test_a_class_that_is_none(target: Any) -> None:
    with pytest.raises(ValueError, match=r"^saliency: target must be from 0 to 1, as the net has 2, got (-1|2)\."):
        aim("saliency", np.ones((2, 2)), target)


def test_a_score_reads_only_its_own_output() -> None:
    direction, outputs = np.array([[1.0, 0.0], [0.5, 2.0]]), np.array([[3.0, np.inf], [2.0, 1.0]])
    with np.errstate(invalid="ignore"):
        assert dot(direction, outputs).tolist() == [3, 3]
    assert dot(np.ones((2, 1, 3), np.float32), np.ones((2, 1, 3), np.float32)).dtype == np.float64


# Attributions.


def attribution(values: Any, kind: Any = Attribution, **more: Any) -> Any:
    values = np.array(values, float)
    n = len(values)
    return kind("m", values, values, np.zeros(n, int), more.pop("scores", np.zeros(n)), (1,), **more)


def test_strength_and_evidence() -> None:
    images = attribution([[[[1, -5]], [[-3, 2]]]])
    assert images.strength().tolist() == [[[3, 5]]]
    assert images.evidence().tolist() == [[[-2, -3]]]
    sequences = attribution([[[1, -5], [2, 3]]])
    assert sequences.strength().tolist() == [[5, 3]]
    assert sequences.evidence().tolist() == [[-4, 5]]
    vectors = attribution([[1, -5]])
    assert vectors.strength().tolist() == [[1, 5]]
    assert vectors.evidence().tolist() == [[1, -5]]
    assert vectors.notes == ()


def test_sums_of_a_path() -> None:
    options = {"scores": np.array([5.0, 1.0, 2.0]), "baseline_scores": np.array([1.0, 3.0, 2.0])}
    found = attribution([[1, 2], [-1, -2], [0, 0]], PathAttribution, **options)
    assert found.differences.tolist() == [4, -2, 0]
    assert found.completeness_error.tolist() == [0.25, 0.5, np.inf]


def test_maps_without_evidence() -> None:
    assert attribution([[1]], LayerAttribution).all_negative.tolist() == [False]
    raw = np.array([[[-1.0, 0.0]], [[-1.0, 0.1]]])
    found = attribution([[1], [1]], LayerAttribution, raw=raw)
    assert found.all_negative.tolist() == [True, False]
    assert (found.layer, found.channel, found.weights) == ("", None, None)
    assert _without_evidence(np.zeros(3, bool)) == []
    assert _without_evidence(np.array([False, True])) == ["All evidence is negative for sample 1."]
    assert _without_evidence(np.ones(8, bool)) == ["All evidence is negative for sample 0, 1, 2, 3, 4, 5, 6, 7."]
    assert _without_evidence(np.ones(1200, bool)) == ["All evidence is negative for 1,200 samples."]


# A deconvnet.


def test_what_is_kept_of_a_layer() -> None:
    A = np.array([[[[1.0, 2.0]], [[5.0, 0.0]]], [[[9.0, 3.0]], [[4.0, 8.0]]]])
    kept, channels = _kept(A, None)
    assert channels.tolist() == [1, 0]
    assert kept.tolist() == [[[[0, 0]], [[5, 0]]], [[[9, 0]], [[0, 0]]]]
    kept, channels = _kept(A, [0, 1])
    assert channels.tolist() == [0, 1]
    assert kept.tolist() == [[[[0, 2]], [[0, 0]]], [[[0, 0]], [[0, 8]]]]
    assert _kept(A, "all") == (A, None)
    sequence = A[:, :, 0]  # (N, T, K)
    kept, channels = _kept(sequence, None)
    assert channels.tolist() == [0, 0]
    assert kept.tolist() == [[[0, 0], [5, 0]], [[9, 0], [0, 0]]]
    vectors = A[:, 0, 0]
    kept, channels = _kept(vectors, 1)
    assert (channels.tolist(), kept.tolist()) == ([1, 1], [[0, 2], [0, 3]])
    assert kept.flags.c_contiguous


def test_channels() -> None:
    assert _channels(2, 3, 4).tolist() == [2, 2, 2]
    assert _channels(np.array([0, 3]), 2, 4).tolist() == [0, 3]
    assert _channels(np.uint8(3), 1, 4).dtype == np.int64
    for wrong in (-1, 4, [0, 4]):
        with pytest.raises(ValueError, match=r"^deconvnet: channel must be from 0 to 3, got (-1|4)\.$"):
            _channels(wrong, 2, 4)
    for wrong in (1.5, [1, 2, 3], [[1, 2]]):
        with pytest.raises(TypeError, match=r"^deconvnet: channel must be None, \"all\", a channel, or an array of 2"):
            _channels(wrong, 2, 4)


# Grad-CAM.


def test_maps_of_images_and_sequences() -> None:
    images = np.ones((2, 3, 4, 5))
    assert _maps(images, "1") is images
    assert _maps(np.ones((2, 4, 3)), "1").shape == (2, 3, 4)


def test_maps_are_enlarged() -> None:
    line = np.array([[0.0, 1.0]])
    assert _enlarged(line, (1, 4, 7)).tolist() == [[[0], [0.25], [0.75], [1]]]
    assert _enlarged(line, (1, 4)).shape == (1, 4, 1)
    assert _enlarged(np.array([[0.0, 2.0, 4.0]]), (1, 1, 1)).tolist() == [[[2]]]
    assert _enlarged(line.astype(np.float32), (1, 4, 7)).dtype == np.float32
    assert _enlarged(np.ones((1, 2, 2)), (1, 3, 4, 6)).shape == (1, 1, 4, 6)
    for maps, shape in ((np.ones((1, 2, 2)), (1, 4, 6)), (line, (1, 3, 4, 6))):
        with pytest.raises(ValueError, match=r"^grad_cam: maps of .* do not fit inputs of shape"):
            _enlarged(maps, shape)


def test_grad_cam_by_hand() -> None:
    net = Net([Conv2D(1, 2, 1, bias=False), Flatten(), Linear(4, 2, bias=False)])
    net.load_state({"0.weight": [[[[1.0]]], [[[2.0]]]], "2.weight": [[1.0, 3.0, -1.0, -2.0], [0.0, 0.0, 0.0, 0.0]]})
    x = np.array([[[[1.0, 3.0]]]], np.float32)
    found = probe.grad_cam(net, x, 0)
    assert (found.layer, found.weights.tolist()) == ("0", [[2, -1.5]])
    assert found.raw.tolist() == [[[2 * 1 - 1.5 * 2, 2 * 3 - 1.5 * 6]]]
    assert found.notes[0] == "The layer is 0: Conv2D(1, 2, 1, bias=False), with maps of 1 × 2."
    assert found.scores.tolist() == [1 + 9 - 2 - 12]
    assert (found.method, found.target.tolist(), found.output_shape) == ("grad_cam", [0], (2,))


# Integrated gradients.


def test_baselines() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert _baseline(0.5, x).tolist() == [[0.5] * 3] * 2
    assert _baseline([1, 2, 3], x).tolist() == [[1, 2, 3]] * 2
    assert _baseline(x + 1, x).tolist() == (x + 1).tolist()
    assert _baseline(2, x).dtype == np.float32
    assert _rows(np.arange(12).reshape(2, 3, 2)).tolist() == np.arange(12).reshape(6, 2).tolist()


def path(scores: float, steps: int, values: float = 1.0) -> PathAttribution:
    options = {"scores": np.array([scores]), "baseline_scores": np.zeros(1), "steps": steps}
    return attribution([[values]], PathAttribution, **options)


@pytest.mark.parametrize(
    ("found", "notes"),
    [
        (path(1.0, 32), ()),
        (path(100.0, 32, 99.0), ()),
        (path(2.0, 32), ("After 32 steps a sum is off by 50.0% of the difference: take more steps.",)),
        (path(2.0, 1023), ("After 1023 steps a sum is off by 50.0% of the difference: take more steps.",)),
        (
            path(2.0, 1024),
            ("After 1024 steps a sum is off by 50.0% of the difference: the difference of the scores is close to 0.",),
        ),
        (path(0.0, 4), ("After 4 steps a sum is off by more than 100 % of the difference: take more steps.",)),
    ],
    ids=range(6),
)
def test_notes_on_a_sum(found: PathAttribution, notes: tuple[str, ...]) -> None:
    assert _with_notes(found).notes == notes


def test_steps_are_doubled_until_the_sum_is_right() -> None:
    net = Net([Linear(1, 1), Tanh()]).astype(np.float64)
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]
    found = probe.integrated_gradients(net, np.array([[1.0]]))
    assert found.steps == 32
    assert found.differences == pytest.approx(np.tanh(1))
    found = probe.integrated_gradients(net, np.array([[300.0]]))
    assert found.steps == 256
    assert found.completeness_error.max() <= 0.01
    found = probe.integrated_gradients(net, np.array([[100000.0]]))
    assert found.steps == 1024
    assert found.notes[0].endswith("the difference of the scores is close to 0.")
    two = probe.integrated_gradients(net, np.array([[1.0]]), steps=2)
    by_hand = np.mean([1 - np.tanh(a) ** 2 for a in (0.25, 0.75)])
    assert two.values.item() == pytest.approx(by_hand)
    many = np.linspace(0.5, 1, 70)[:, np.newaxis]
    np.testing.assert_allclose(
        probe.integrated_gradients(net, many, steps=3).values[-1],
        probe.integrated_gradients(net, many[-1:], steps=3).values[0],
    )


# Occlusion.


def test_patches_cover_everything() -> None:
    assert list(_patches((5,), 2, 2)) == [(slice(0, 2),), (slice(2, 4),), (slice(3, 5),)]
    assert list(_patches((4,), 2, 2)) == [(slice(0, 2),), (slice(2, 4),)]
    assert list(_patches((3,), 3, 1)) == [(slice(0, 3),)]
    both = [tuple((each.start, each.stop) for each in patch) for patch in _patches((2, 3), 2, 1)]
    assert both == [((0, 2), (0, 2)), ((0, 2), (1, 3))]
    assert [patch[0].start for patch in _patches((3, 2), 1, 2)] == [0, 0, 2, 2]
    assert _step(list(_patches((5,), 2, 2)), (5,)) == 2
    assert _step(list(_patches((3,), 3, 1)), (3,)) == 3
    assert (_area(np.ones((1, 2, 3, 4))), _area(np.ones((1, 3, 2))), _area(np.ones((1, 6)))) == ((3, 4), (3,), (6,))


def test_what_covers() -> None:
    subject = Subject("occlusion", Net([Linear(2, 2)]), np.array([[1.0, 3.0], [5.0, 7.0]]))
    assert _cover(subject, subject.x, None).tolist() == [[2], [6]]
    assert _cover(subject, subject.x, 4.0).tolist() == [[4], [4]]
    assert _cover(subject, subject.x, 0.0).tolist() == [[0], [0]]
    assert _cover(subject, np.array([[1, 2], [3, 4]]), None).tolist() == [[0], [0]]  # vectors of tokens
    assert _cover(subject, np.array([[1, 2], [3, 4]]), 2.0).tolist() == [[2], [2]]


def test_occlusion_of_an_image_and_of_a_sequence() -> None:
    net = Net([Flatten(), Linear(6, 1, bias=False)]).astype(np.float64)
    W = np.arange(1.0, 7).reshape(1, 6)
    net[1].weight.tensor = W
    x = np.array([1.0, -2, 3, 5, 7, 11]).reshape(1, 1, 2, 3)
    found = probe.occlusion(net, x, 0, size=1, stride=1, fill=0)
    np.testing.assert_allclose(found.values.reshape(1, 6), W * x.reshape(1, 6))
    assert found.values.shape == (1, 1, 2, 3)
    assert found.notes == ("The patch is 1 × 1, in steps of 1.",)
    found = probe.occlusion(net, x.reshape(1, 3, 2), 0, fill=0)
    np.testing.assert_allclose(found.values, (W * x.reshape(1, 6)).reshape(1, 3, 2).sum(axis=2, keepdims=True))
    assert found.notes == ("The patch is 1, in steps of 1.",)
    colours = Net([Flatten(), Linear(8, 1, bias=False)]).astype(np.float64)
    colours[1].weight.tensor = np.arange(1.0, 9).reshape(1, 8)
    two = np.ones((1, 2, 2, 2))
    np.testing.assert_allclose(probe.occlusion(colours, two, 0, size=1, fill=0).values, [[[[6, 8], [10, 12]]]])


# Inside.


def test_layers_that_change_something() -> None:
    outputs = _Outputs()
    x, y = np.ones(2), np.ones(2)
    for name, layer, came in (
        ("0", ReLU(), x),
        ("1", Net([Tanh()]), x),
        ("2", Dropout(0.5), y),
        ("3", Tanh(), y),
        ("", Net([Tanh()]), 2 * y),
        ("4", Tanh(), (y, y)),
    ):
        outputs.on_forward(name, layer, x, came)
    assert [name for name, _, _ in outputs.steps] == ["0", "3"]


@pytest.mark.parametrize(
    ("layers", "shape", "expected"),
    [
        ([Conv2D(1, 2, 2), ReLU(), MaxPool2D(2), Flatten(), Linear(2, 2)], (1, 3, 3), "1"),
        ([Conv2D(1, 2, 2), ReLU(), Conv2D(2, 2, 2), Flatten(), Linear(2, 2)], (1, 3, 3), "1"),  # the last has one place
        ([Conv2D(1, 2, 3), ReLU(), Flatten(), Linear(2, 2)], (1, 3, 3), "3"),
        ([Linear(2, 3), ReLU(), Linear(3, 2)], (2,), "2"),
        ([Conv1D(2, 3, 2), Tanh(), Flatten(), Linear(6, 2)], (3, 2), "1"),
    ],
    ids=range(5),
)
def test_the_last_maps(layers: list[Layer], shape: tuple[int, ...], expected: str) -> None:
    net = Net(layers)
    with opened("grad_cam", net, np.ones((3, *shape))) as subject:
        assert last_maps(subject) == expected
        seen = subject.outputs(subject.x).shape
    assert seen == (3, 2)
    assert has_convolutions(net) is any(isinstance(layer, (Conv1D, Conv2D)) for layer in layers)


def test_places_of_maps() -> None:
    assert _places(np.ones((1, 2, 3, 4))) == (3, 4)
    assert _places(np.ones((1, 3, 2))) == (3,)


def test_a_layer_by_its_path() -> None:
    net = Net([Linear(2, 2), Net([ReLU()])])
    subject = Subject("deconvnet", net, np.ones((1, 2)))
    assert layer_at(subject, "1.0") is net[1][0]
    for wrong in ("", "2", 0, None):
        with pytest.raises(
            ValueError, match=rf"^deconvnet: there is no layer {wrong!r} in this net\.\nHint: .* '0', '1', '1\.0'"
        ):
            layer_at(subject, wrong)


# A net that is looked at.


def test_first_and_last_layers() -> None:
    first, last = Linear(2, 2), Softmax()
    net = Net([Net([first, ReLU()]), Net([Net([last])])])
    assert first_layer(net) is first
    assert _last(net) == [last]
    assert _last(Net([first])) == []
    assert first_layer(Net([Residual([first])])) is not first


def test_methods_are_replaced_for_a_block() -> None:
    relu = ReLU()
    vars(relu)["forward"] = watching = lambda x: x + 7
    with replacing([(relu, "forward", lambda x: x - 1), (relu, "backward", lambda dy: dy * 3)]):
        assert relu.forward(np.zeros(1)).tolist() == [-1]
        assert relu.backward(np.ones(1)).tolist() == [3]
    assert vars(relu)["forward"] is watching
    assert "backward" not in vars(relu)
    with pytest.raises(RuntimeError, match="inside"), replacing([(relu, "backward", lambda dy: dy)]):
        raise RuntimeError("inside")
    assert "backward" not in vars(relu)


def test_scores_and_gradients_of_more_rows_than_go_through_at_once() -> None:
    net = Net([Linear(2, 2, bias=False)]).astype(np.float64)
    net[0].weight.tensor = [[1.0, 2.0], [3.0, 4.0]]
    x = RNG.normal(size=(130, 2))
    direction = RNG.normal(size=(130, 2))
    with opened("saliency", net, x) as subject:
        np.testing.assert_allclose(subject.scores(x, direction), (direction * (x @ net[0].weight.tensor.T)).sum(axis=1))
        np.testing.assert_allclose(subject.gradient(x, direction), direction @ net[0].weight.tensor)
        found = subject.aim(0)
    np.testing.assert_allclose(found.scores, x @ [1.0, 2.0])
    assert found.told() == {"target": found.target, "scores": found.scores, "output_shape": (2,)}
    assert found.target.tolist() == [0] * 130


def test_vectors_of_tokens_are_the_input() -> None:
    net = Net([Net([Embedding(3, 2)]), Flatten(), Linear(4, 2)])
    tokens = np.array([[0, 2]])
    with opened("saliency", net, tokens) as subject:
        np.testing.assert_array_equal(subject.x, net[0][0].weight.tensor[tokens])
        assert subject.gradient(subject.x, np.ones((1, 2), np.float32)).shape == (1, 2, 2)
        assert not net[0][0].training
        assert not any(parameter.trainable for parameter in net.parameters().values())
    assert net[0][0].training
    with opened("saliency", Net([Linear(2, 2)]), tokens) as subject:
        assert subject.x.dtype.kind == "f" or subject.x.tolist() == [[0, 2]]


def test_layers_in_words() -> None:
    net = Net([LeakyReLU(), Net([GELU()]), ReLU(), LeakyReLU()])
    assert listed(named(net, (LeakyReLU, GELU))) == "LeakyReLU (0, 3), GELU (1.0)"
    assert list(named(net, ReLU)) == ["2"]
    assert title_of(net, "1.0") == "1.0: GELU()"
    assert relu_notes(Net([ReLU(), Linear(1, 1)])) == []
    assert relu_notes(Net([Linear(1, 1)])) == ["There is no ReLU in this net, so nothing is cut off."]
    assert _words(GELU()).startswith("gelu")
    assert _words(Sigmoid()) == "sigmoid"


# Maximization, landscape, projections.


def test_units_and_bounds() -> None:
    assert _units(None, 3).tolist() == [0, 1, 2]
    assert _units(2, 3).tolist() == [2]
    assert _units([0, 2], 3).tolist() == [0, 2]
    for wrong, got in ((-1, -1), (3, 3), ([0, 3], 3), ([-2, 5], -2)):
        with pytest.raises(ValueError, match=rf"^activation_maximization: target must be from 0 to 2, got {got}\.$"):
            _units(wrong, 3)
    for wrong in ([], [[1]], 0.5):
        with pytest.raises(TypeError, match="target must be None, a class or channel, or a list of them"):
            _units(wrong, 3)
    assert _bounds(None) == (-np.inf, np.inf)
    assert _bounds([-1, 2]) == (-1, 2)
    for wrong in ((1, 1), (2, 1)):
        with pytest.raises(ValueError, match=r"bounds must go up, got \d and 1"):
            _bounds(wrong)
    with pytest.raises(TypeError, match="bounds must be a pair of numbers or None"):
        _bounds((1, 2, 3))


def test_a_step_of_maximization_by_hand() -> None:
    net = Net([Linear(2, 1, bias=False)]).astype(np.float64)
    net[0].weight.tensor = [[3.0, -4.0]]
    options: dict[str, Any] = {"steps": 1, "lr": 0.5, "decay": 0.1, "blur": 0}
    start = np.random.default_rng(0).standard_normal((1, 2))
    g = np.array([3.0, -4.0]) / np.sqrt(12.5)
    found = probe.activation_maximization(net, (2,), 0, bounds=None, **options)
    np.testing.assert_allclose(found.x, 0.9 * 0.1 * start + 0.5 * g)
    np.testing.assert_allclose(found.activations[:, 0], [0.1 * start[0] @ [3, -4], found.x[0] @ [3, -4]])
    assert (found.layer, found.target.tolist()) == (None, [0])
    found = probe.activation_maximization(net, (2,), 0, bounds=(1, 5), **options)
    np.testing.assert_allclose(found.x, np.clip(0.9 * np.clip(3 + 0.4 * start, 1, 5) + 0.5 * g, 1, 5))
    dead = Net([Linear(2, 1, bias=False), ReLU()]).astype(np.float64)
    dead[0].weight.tensor = [[0.0, 0.0]]
    found = probe.activation_maximization(dead, (2,), 0, bounds=None, **options)
    np.testing.assert_allclose(found.x, 0.9 * 0.1 * start)  # without a gradient only the decay is left


def test_filters_of_a_direction() -> None:
    theta = np.arange(1.0, 13).reshape(2, 3, 2)
    found = _filters(theta, np.random.default_rng(4))
    draws = np.random.default_rng(4).standard_normal((2, 3, 2))
    for j in (0, 1):
        expected = draws[j] / np.linalg.norm(draws[j]) * np.linalg.norm(theta[j])
        np.testing.assert_allclose(found[j], expected)
    assert _filters(np.ones(3), RNG).tolist() == [0, 0, 0]


def test_the_landscape_of_one_weight() -> None:
    net = Net([Linear(1, 1)]).astype(np.float64)
    net[0].weight.tensor, net[0].bias.tensor = [[3.0]], [0.5]

    def loss(predicted: Any, y: Any) -> Any:
        return predicted.item() * y, predicted

    found = probe.loss_landscape(net, loss, np.ones((1, 1)), 2.0, n=3, radius=2, dimensions=1)
    sign = np.sign(np.random.default_rng(0).standard_normal())
    assert found.steps.tolist() == [-2, 0, 2]
    np.testing.assert_allclose(found.losses, [2 * (3 + sign * a * 3 + 0.5) for a in (-2, 0, 2)])
    assert (found.at_solution, found.n_samples) == (7, 1)
    plane = probe.loss_landscape(net, loss, np.ones((1, 1)), 2.0, n=3)
    signs = np.sign(np.random.default_rng(0).standard_normal(2))
    expected = [[2 * (3 * (1 + signs[0] * a + signs[1] * b) + 0.5) for a in (-1, 0, 1)] for b in (-1, 0, 1)]
    np.testing.assert_allclose(plane.losses, expected)


def test_distances_and_the_divergence() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert _squared_distances(X).tolist() == [[0, 25, 1], [25, 0, 18], [1, 18, 0]]
    P, Q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])
    assert _divergence(P, Q) == pytest.approx(0.5 * np.log(2))
    assert _divergence(np.array([1.0]), np.array([0.0])) == pytest.approx(-np.log(1e-300))
    near = np.array([[0, 1 / 26, 1 / 2], [1 / 26, 0, 1 / 19], [1 / 2, 1 / 19, 0]])
    _, found = _gradient(np.zeros((3, 3)), X)
    np.testing.assert_allclose(found, near / near.sum())


def test_points() -> None:
    assert _points("pca", np.ones((2, 3, 4))).shape == (2, 12)
    assert _points("pca", np.ones((2, 2), np.float32)).dtype == np.float64
    for wrong in (np.ones(4), np.ones((1, 4)), np.ones((4, 1))):
        with pytest.raises(
            ValueError, match=r"^pca: expected at least two points of two or more numbers, \(N, D\), got"
        ):
            _points("pca", wrong)


def test_one_step_of_tsne() -> None:
    X = np.random.default_rng(2).normal(size=(6, 3))
    found = probe.tsne(X, perplexity=2, n_steps=1)
    assert found.points.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    again = probe.tsne(X, perplexity=2, n_steps=1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(found.points, again.points)
    with pytest.raises(
        ValueError, match=r"^tsne: perplexity must be below 5, for 6 points, got 5\.\nHint: try perplexity=2"
    ):
        probe.tsne(X, perplexity=5)
    probe.tsne(X, perplexity=4.9, n_steps=1)


# Weights drawn anew.


def test_the_similarity_of_maps() -> None:
    first = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    assert _similarity(first, 2 * first + 1) == pytest.approx(1)
    assert _similarity(first, -first) == pytest.approx(-1)
    assert _similarity(first, np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])) == pytest.approx(0)
    assert _similarity(first, np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])) == pytest.approx(0.5)
    assert _similarity(first.reshape(2, 1, 3), first) == pytest.approx(1)


def test_what_remains_of_a_picture() -> None:
    for layers, half in (("ab", 0.8), ("abc", 0.6), ("abcd", 0.6), ("abcde", 0.4)):
        found = RandomizationCheck(list(layers), {}, {"saliency": np.array([1, 0.8, 0.6, 0.4, 0.2, 0.0])})
        assert found.remains() == {"saliency": half}


def test_what_stays_the_target() -> None:
    labels = np.array([1, 2])
    assert _fixed(labels) is labels
    assert _fixed(np.array([[1, 2], [1, 2]])) == (1, 2)
    linear = Linear(2, 3)
    assert _own(linear) == [linear.weight, linear.bias]
    assert _own(Net([linear])) == []


# Attention maps.


def test_tokens_belong_to_the_places_that_read_them() -> None:
    maps = _Maps()
    first, second = np.array([[1, 2, 3]]), np.array([[4, 5]])
    assert maps._fitting(3, []) is None
    assert maps._fitting(3, [first]) is first
    assert maps._fitting(2, [first]) is None
    assert maps._fitting(3, [first[0]]) is None
    layer = MultiHeadAttention(2, 1)
    embedding = Embedding(9, 2)
    x, memory = np.ones((1, 2, 2), np.float32), np.ones((1, 3, 2), np.float32)
    maps.on_forward("a", embedding, first, embedding.forward(first))
    maps.on_forward("b", embedding, second, embedding.forward(second))
    layer.forward(x, memory)
    maps.on_forward("c", layer, (x, memory), x)
    layer.forward(x)
    maps.on_forward("d", layer, x, x)
    crossed, own = maps.maps
    assert (crossed.path, own.path) == ("c", "d")
    assert crossed.queries is own.queries is own.keys is second
    assert crossed.keys is first
    assert (crossed.p.shape, own.p.shape) == ((1, 1, 2, 3), (1, 1, 2, 2))
    np.testing.assert_allclose(crossed.p, 1 / 3, rtol=1e-6)


def test_the_last_place_and_flat_images_represent_a_sample() -> None:
    assert _flat(np.arange(12.0).reshape(2, 3, 2), "1").tolist() == [[4, 5], [10, 11]]
    assert _flat(np.ones((2, 3, 2, 2)), "1").shape == (2, 12)
    for wrong in (np.ones(3), [1], (np.ones((2, 2)),)):
        with pytest.raises(ValueError, match=r"^representations: layer 7 gives no row for each sample\.\nHint: choose"):
            _flat(wrong, "7")
    assert _last_linear(Net([Linear(2, 2), Net([Linear(2, 3)]), ReLU()])) == "1.0"
    with pytest.raises(ValueError, match=r"^representations: expected at least one sample, got none\."):
        probe.representations(Net([Linear(2, 2)]), np.ones((0, 2)))
