"""Whether a picture depends on what the net has learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import generator, optional
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.probe.interpret.attribution import Attribution
from tinynet.probe.interpret.guided import guided_backpropagation
from tinynet.probe.interpret.saliency import saliency

Method = Callable[..., Attribution]


@dataclass(frozen=True, eq=False)
class RandomizationCheck:
    """How the pictures of some methods change while the layers are drawn anew, from the last to the first.

    Shapes:
        maps: for each method (L + 1, N, ...), similarities: for each method (L + 1,), with L layers drawn anew

    Attributes:
        layers: The paths of the layers in the order in which they were drawn anew.
        maps: The strength of each place, with the trained weights first.
        similarities: The correlation with the map of the trained weights, the mean over the samples.

    Example:
        >>> found = tn.probe.randomization_check(tn.models.digits_cnn(), tn.data.digits()[1].x[:2])
        >>> found.layers, sorted(found.similarities)
        (['10', '7', '2', '0'], ['guided_backpropagation', 'saliency'])
    """

    layers: list[str]
    maps: dict[str, np.ndarray]
    similarities: dict[str, np.ndarray]

    def remains(self) -> dict[str, float]:
        """What is left of each picture when the upper half of the layers is drawn anew, as a correlation."""
        half = -(-len(self.layers) // 2)
        return {method: float(found[half]) for method, found in self.similarities.items()}


def randomization_check(
    net: Net,
    x: np.ndarray,
    target: Any = None,
    *,
    methods: Sequence[Method] = (saliency, guided_backpropagation),
    rng: np.random.Generator | None = None,
) -> RandomizationCheck:
    """Draw the weights anew, layer by layer from the top, and compare the pictures: Adebayo et al. 2018, section 3.

    A picture that explains what the net has learned must change with the weights. One that stays shows the input. The
    maps are compared by their correlation. The paper takes that of ranks, in which faint pixels at the border, which
    are faint for any weights, count as much as bright ones.

    Args:
        net: A trained net; a copy of it is changed.
        x: A batch of inputs.
        target: The class, as in `saliency`; it stays that of the trained net.
        methods: Functions (net, x, target) -> `Attribution`.
        rng: Where the new weights come from: normal with mean 0, as large as the old ones; biases and the scales of
            norms are put in another order. If None they are the same at each call.

    Raises:
        ValueError: There are fewer than two layers with parameters.

    Example:
        >>> found = randomization_check(tn.models.digits_cnn(), tn.data.digits()[1].x[:2])
        >>> [float(similarity[0]) for similarity in found.similarities.values()]
        [1.0, 1.0]
    """
    checks.instance("randomization_check", "net", net, Net, "wrap layers as Net([...]).")
    checks.arguments("randomization_check", locals(), rng=optional(generator))
    checks.non_empty_list("randomization_check", "methods", methods)
    for index, method in enumerate(methods):
        checks.function("randomization_check", f"methods[{index}]", method, 3, "pass tn.probe.saliency itself.")
    rng = np.random.default_rng(0) if rng is None else rng
    copy = deepcopy(net)
    layers = [(path, own) for path, layer in copy.layers_inside() if (own := _own(layer))][::-1]
    if len(layers) < 2:
        checks.fail("randomization_check", f"expected two layers with parameters or more, there are {len(layers)}.")
    first = [method(copy, x, target) for method in methods]
    fixed = _fixed(first[0].target)
    maps = [[found.strength()] for found in first]
    for _, parameters in layers:
        for parameter in parameters:
            parameter.tensor = _drawn_anew(parameter.tensor, rng)
        for method, found in zip(methods, maps, strict=True):
            found.append(method(copy, x, fixed).strength())
    named = {found.method: np.array(strengths) for found, strengths in zip(first, maps, strict=True)}
    similarities = {name: np.array([_similarity(found[0], other) for other in found]) for name, found in named.items()}
    return RandomizationCheck([path for path, _ in layers], named, similarities)


def _own(layer: Layer) -> list[Parameter]:
    return [part for _, part in layer.parts() if isinstance(part, Parameter)]


def _drawn_anew(tensor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weights as large as before, around 0, lest a mean below 0 silences every ReLU; biases in another order."""
    if tensor.ndim < 2:
        return rng.permutation(tensor)
    return rng.normal(0, np.sqrt(np.mean(np.square(tensor, dtype=np.float64))), tensor.shape)


def _fixed(target: np.ndarray) -> Any:
    return target if target.ndim == 1 else tuple(int(place) for place in target[0])


def _similarity(first: np.ndarray, second: np.ndarray) -> float:
    """The mean over the samples of the correlation of two maps (N, ...); 0 where one of them is constant."""
    a, b = (array.reshape(len(array), -1).astype(np.float64) for array in (first, second))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return float(np.divide((a * b).sum(axis=1), size, out=np.zeros(len(a)), where=size > 0).mean())
