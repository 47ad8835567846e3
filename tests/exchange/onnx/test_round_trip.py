"""Every layer and every model is written as ONNX, run by ONNX Runtime as here, and read again."""

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS, OPERATIONS
from tests.exchange.onnx.given import MODELS, agree, given_for, numbers, run, settled, stirred, tokens
from tinynet.net.tuples import as_tuple

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

#: What a file says of these in its nodes, or by comparisons, is not read; the architecture in the file is.
ONLY_BY_NAME = ("MaxUnpool", "return_switches=True", "track_running_stats=False", "Padded(   (0): LSTM")


@pytest.mark.parametrize("row", LAYERS + [row for row in OPERATIONS if row.batch_of_one], ids=lambda row: str(row)[:80])
def test_each_layer_comes_back(row, tmp_path):
    layer, (shapes, inputs) = stirred(row.build()), given_for(row)
    path = tmp_path / "layer.onnx"
    tn.export_onnx(layer, path, shapes)
    expected, again = as_tuple(layer.forward(*inputs)), tn.load_onnx(path)
    agree(expected, run(path, *inputs))
    assert type(again) is type(layer)
    for y, found in zip(expected, as_tuple(again.forward(*inputs)), strict=True):
        assert np.array_equal(y, found)
    assert all(np.array_equal(array, again.state()[name]) for name, array in layer.state().items())
    changed(path)
    if any(words in str(row) for words in ONLY_BY_NAME):
        with pytest.raises(ValueError, match="load_onnx: '.*layer.onnx': node '.*' \\("):
            tn.load_onnx(path)
    else:
        agree(expected, as_tuple(tn.load_onnx(path).forward(*inputs)))


@pytest.mark.parametrize("name", MODELS)
def test_each_model_comes_back_with_batches_of_any_size(name, tmp_path):
    build, shape = MODELS[name]
    draw = tokens if name in ("char_lstm", "char_gpt", "seq2seq") else numbers
    inputs = [draw(each, 3) for each in (shape if isinstance(shape, list) else [shape])]
    net = settled(build(), inputs)
    tn.export_onnx(net, tmp_path / "net.onnx", shape)
    agree(net.predict(*inputs), run(tmp_path / "net.onnx", *inputs))
    one = [x[:1] for x in inputs]
    agree(net.predict(*one), run(tmp_path / "net.onnx", *one))
    own = [tn.models.VariationalAutoencoder, tn.models.EncoderDecoder]
    agree(net.predict(*inputs), as_tuple(tn.load_onnx(tmp_path / "net.onnx", layers=own).predict(*inputs)))
    changed(tmp_path / "net.onnx")
    foreign = tn.load_onnx(tmp_path / "net.onnx")
    agree(net.predict(*inputs), as_tuple(foreign.predict(*inputs)))
    assert abs(np.subtract(losses(net, inputs), losses(foreign, inputs))).max() < 1e-5


def test_the_padding_of_a_source_is_part_of_the_graph(tmp_path):
    net = stirred(tn.models.seq2seq(7, 8, 2, 6, padding=0))
    source, written = tokens((6,), 3), tokens((4,), 3)
    source[0, 2:], source[1] = 0, 0
    tn.export_onnx(net, tmp_path / "net.onnx", [(6,), (4,)])
    agree(net.predict(source, written), run(tmp_path / "net.onnx", source, written))
    again = tn.load_onnx(tmp_path / "net.onnx", layers=[tn.models.EncoderDecoder])
    assert np.array_equal(net.predict(source, written), again.predict(source, written))


def losses(net, inputs):
    """The mean squares of the outputs before and after a step of training."""
    found = []
    for _ in range(2):
        outputs = as_tuple(net.forward(*inputs))
        found.append(sum(float(np.mean(y**2)) for y in outputs))
        net.backward(*[2 * y / y.size for y in outputs])
        net.update(tn.optimizers.SGD(lr=0.01))
    return found


def changed(path):
    """Let a file look as if another program had written it."""
    model = onnx.load(path)
    kept = [entry for entry in model.metadata_props if not entry.key.startswith("tinynet")]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, path)
