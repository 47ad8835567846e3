"""What an attribution is: a number for each number of the input, for one score of the net."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each number of the input has to do with one score of the net, sample by sample.

    Shapes:
        values: as x, (N, C, H, W) for images; one channel, (N, 1, H, W), where a method speaks of places only;
            (N, T, D) for sequences, also for tokens x (N, T), whose embedded vectors are looked at
        scores, target: (N,)

    Attributes:
        method: The name of the method, as in "saliency".
        values: The numbers.
        x: The inputs.
        target: The class, or whichever output, whose score it is, for each sample; a tuple for one number of an output.
        scores: That score for each sample, before a last softmax or sigmoid.
        output_shape: The shape of one output of the net.
        notes: What a reader should know, in sentences.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> from tinynet.probe import saliency
        >>> net = Net([Linear(2, 2)])
        >>> net[0].weight.tensor = [[1, 2], [3, 4]]
        >>> found = saliency(net, np.ones((1, 2)))
        >>> found.target, found.values
        (array([1]), array([[3., 4.]], dtype=float32))
    """

    method: str
    values: np.ndarray
    x: np.ndarray
    target: np.ndarray
    scores: np.ndarray
    output_shape: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def strength(self) -> np.ndarray:
        """One number ≥ 0 for each place: the largest |value| over the channels, as in Simonyan et al. 2014.

        Shapes:
            (N, H, W) for images, (N, T) for sequences, (N, D) for vectors.
        """
        size = np.abs(self.values)
        return size.max(axis=1) if size.ndim == 4 else size.max(axis=2) if size.ndim == 3 else size

    def evidence(self) -> np.ndarray:
        """One number for each place, positive where it speaks for the target: the sum over the channels.

        Shapes:
            (N, H, W) for images, (N, T) for sequences, (N, D) for vectors.
        """
        axis = {4: 1, 3: 2}.get(self.values.ndim)
        return self.values if axis is None else self.values.sum(axis=axis)


@dataclass(frozen=True, eq=False)
class PathAttribution(Attribution):
    """What integrated gradients give: the values, and how far their sum is from what it should be.

    The first attributes are as in `Attribution`.

    Attributes:
        baseline: Where the path begins, of the shape of the input.
        baseline_scores: The score of the baseline, (N,).
        steps: How many points of the path were taken.

    Example:
        >>> found = tn.probe.integrated_gradients(tn.models.mlp(2, [8], 2), np.ones((1, 2)))
        >>> found.steps, bool(found.completeness_error[0] < 0.01)
        (32, True)
    """

    baseline: np.ndarray = None  # type: ignore[assignment]
    baseline_scores: np.ndarray = None  # type: ignore[assignment]
    steps: int = 0

    @property
    def differences(self) -> np.ndarray:
        """What the values of each sample should add up to, F(x) − F(baseline), (N,)."""
        return self.scores - self.baseline_scores

    @property
    def completeness_error(self) -> np.ndarray:
        """|Σ values − difference| as a share of the difference, (N,)."""
        total = self.values.reshape(len(self.values), -1).sum(axis=1, dtype=np.float64)
        gap = np.abs(total - self.differences)
        return np.divide(gap, np.abs(self.differences), out=np.full_like(gap, np.inf), where=self.differences != 0)


@dataclass(frozen=True, eq=False)
class LayerAttribution(Attribution):
    """What a method says that starts from a layer inside the net.

    The first attributes are as in `Attribution`.

    Attributes:
        layer: The path of the layer.
        channel: For a deconvnet, the channel that is projected for each sample, (N,); None for all of them.
        weights: For Grad-CAM, the weight α of each channel, (N, K).
        raw: For Grad-CAM, the weighted sum at the layer's own resolution, (N, h, w), before negative numbers are cut.

    Example:
        >>> found = tn.probe.grad_cam(tn.models.digits_cnn(), tn.data.digits()[1].x[:3])
        >>> found.layer, found.weights.shape, found.all_negative.shape
        ('3', (3, 32), (3,))
    """

    layer: str = ""
    channel: np.ndarray | None = None
    weights: np.ndarray | None = None
    raw: np.ndarray | None = None

    @property
    def all_negative(self) -> np.ndarray:
        """Whether all evidence is negative, for each sample, (N,): the map of Grad-CAM is empty then."""
        if self.raw is None:
            return np.zeros(len(self.values), bool)
        return np.logical_not((self.raw.reshape(len(self.raw), -1) > 0).any(axis=1))
