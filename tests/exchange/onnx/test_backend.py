"""Anyone's tests of ONNX nodes run against Tinynet's layers."""

import contextlib
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from tests.exchange.onnx.test_unreadable import one
from tinynet.exchange.onnx.backend import backend

onnx = pytest.importorskip("onnx")

OPERATORS = """
Abs Add And Atan AveragePool BatchNormalization Ceil Celu Clip Concat Conv ConvTranspose Cos Cosh CumSum DepthToSpace
Div Dropout Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool
Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish InstanceNormalization LeakyRelu Less LessOrEqual Log
LogSoftmax LSTM MatMul Max MaxPool Mean Min Mish Mul Neg Not OneHot Or Pad Pow PRelu Reciprocal ReduceL1 ReduceL2
ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare Relu Reshape Resize RNN Round
Selu Sigmoid Sign Sin Sinh Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh
ThresholdedRelu Tile Transpose Trilu Unsqueeze Where
"""
DRAWS = "test_training_dropout"  # a mask that no other program can draw
MOST = 40  # cases of one operator


@cache
def cases():
    """ONNX's own cases of nodes, by operator, whose inputs and outputs are arrays."""
    from onnx.backend.test.case.node import collect_testcases

    found = defaultdict(list)
    for case in collect_testcases(None):
        nodes, sets = case.model.graph.node, case.data_sets or []
        arrays = [array for part in sets[:1] for values in part for array in values]
        if len(nodes) == 1 and arrays and all(isinstance(a, (np.ndarray, np.generic)) and a.size for a in arrays):
            found[nodes[0].op_type].append(case)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("op", OPERATORS.split())
def test_the_cases_of_onnx_itself(op):
    n_right = 0
    for case in cases()[op][:MOST]:
        inputs, outputs = case.data_sets[0]
        with contextlib.suppress(RefusedError):  # three axes, whole numbers and the like, which are refused by name
            found = run(case.model, inputs)
            if not case.name.startswith(DRAWS):
                assert len(found) == len(outputs), case.name
                for y, expected in zip(found, outputs, strict=True):
                    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-5, err_msg=case.name)
                n_right += 1
    assert n_right > 0


class RefusedError(Exception):
    """The backend says that it cannot run something."""


def run(made, inputs):
    try:
        return backend().run_model(made, inputs)
    except ValueError as error:
        if not str(error).startswith("backend: "):
            raise
        raise RefusedError from error


def test_what_the_backend_says_of_itself():
    kind = backend()
    assert kind.supports_device("CPU")
    assert not kind.supports_device("CUDA")
    assert kind.is_compatible(one("Relu"))
    assert not kind.is_compatible(one("Shrink"))
    made = one("Add", {}, np.ones(4, np.float32))
    (y,) = kind.prepare(made).run([np.zeros((2, 4), np.float32)])
    assert np.array_equal(y, np.ones((2, 4)))
    with pytest.raises(ValueError, match="backend: node '/block/Shrink' .* is an operator that"):
        kind.run_model(one("Shrink"), [np.zeros((2, 4), np.float32)])
