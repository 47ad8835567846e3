"""What to use instead of an operator that is not read: what does the nearest, not what is spelled so."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def instead_of(op: str, known: Iterable[str]) -> str:
    """A hint for an operator that is not one of the known; "" if nothing comes near.

    Example:
        >>> instead_of("LpPool", ["MaxPool"])
        'use MaxPool or AveragePool.'
        >>> instead_of("Reluu", ["Relu", "MaxPool"])  # no operator of ONNX, so it may be misspelled
        'the nearest that works is Relu.'
    """
    for ops, hint in INSTEAD.items():
        if op in ops.split():
            return hint
    near = difflib.get_close_matches(op, list(known), cutoff=0.8)
    return f"the nearest that works is {near[0]}." if near else ""


BEFORE = "leave it out of the model, and do it with the data before."
DRAWN = "export the model in evaluation mode, which draws nothing."
INSTEAD = {  # operators that mean the like, and what works in their place
    "Acos": "write it as pi / 2 - atan(x / sqrt(1 - x * x)); Atan works.",
    "Asin": "write it as atan(x / sqrt(1 - x * x)); Atan works.",
    "Acosh Asinh Atanh": "write it by logarithms; Log and Sqrt work.",
    "AffineGrid GridSample": "for a fixed grid use Resize, Pad or Slice; a grid that comes from the data is not read.",
    "ArgMax ArgMin Hardmax TopK": "leave it out of the model, and take the greatest of the outputs afterwards.",
    "Attention LinearAttention": "export with opset 20, in which attention is written as MatMul and Softmax.",
    "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike": DRAWN,
    "BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor": "use And, Or and Not of comparisons.",
    "BlackmanWindow DFT HammingWindow HannWindow ImageDecoder MelWeightMatrix STFT": BEFORE,
    "CausalConvWithState": "use Pad and Conv.",
    "CenterCropPad": "use Slice and Pad.",
    "Col2Im": "use ConvTranspose.",
    "Compress NonZero Unique": "choose by a mask of fixed shape; Where works.",
    "ConcatFromSequence SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap":
        "use Split and Concat, with a number of parts that is fixed.",
    "CumProd ReduceProd": "multiply the parts one by one, or add logarithms; Mul, Log and ReduceSum work.",
    "DeformConv": "use Conv.",
    "DequantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul QuantizeLinear ConvInteger MatMulInteger":
        "export the model before it is quantized.",
    "Det": "leave it out of the model.",
    "GatherElements ReverseSequence": "use Gather or Slice, with the same places for each sample.",
    "GlobalLpPool": "use GlobalAveragePool, or ReduceL2 over the pixels.",
    "If": "export the model without conditions that depend on its input.",
    "IsInf IsNaN": "check the data before the net.",
    "Loop": "export the model with sequences of a fixed length, or with LSTM or GRU.",
    "LpNormalization": "divide by the norm; ReduceL1, ReduceL2 and Div work.",
    "LpPool": "use MaxPool or AveragePool.",
    "LRN": "use BatchNormalization or GroupNormalization, which have taken its place.",
    "MaxRoiPool NonMaxSuppression RoiAlign": "leave it out of the model, and choose among the outputs afterwards.",
    "MaxUnpool": "use Resize or ConvTranspose to make images larger.",
    "MeanVarianceNormalization": "use InstanceNormalization or LayerNormalization.",
    "Mod": "write it as x - floor(x / y) * y; Floor works.",
    "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss": "export the model without its loss; Learner takes that apart.",
    "Optional OptionalGetElement OptionalHasElement": "export the model with all its inputs given.",
    "Range": "use a range of fixed length.",
    "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer": BEFORE,
    "RotaryEmbedding": "export with opset 20, in which it is written as Mul, Sub and Concat.",
    "Scan": "export the model with LSTM or GRU.",
    "Scatter ScatterElements ScatterND TensorScatter": "choose by a mask, or join parts; Where and Concat work.",
    "Shrink": "write it as x * (abs(x) > bias); Greater and Mul work.",
    "SwiGLU Swish": "write it as x * sigmoid(x); Sigmoid and Mul work.",
    "Upsample": "export with opset 11 or later, which writes it as Resize.",
    "Xor": "write it as the difference of both; Sub and Abs work.",
}  # fmt: skip
