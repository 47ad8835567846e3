"""Each thing that cannot be read is named: the file, the node, its place, and what works instead."""

import numpy as np
import pytest

import tinynet as tn

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT, INT = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def tensor(array, name):
    return onnx.numpy_helper.from_array(np.asarray(array), name)


def model(nodes, shape=("n", 4), arrays=None, outputs=("y",), dtype=FLOAT, opset=20):
    """A model of nodes (op, inputs, outputs, attributes) with the input x."""
    made = [
        helper.make_node(op, reads, gives, name=f"/block/{op}", **attributes) for op, reads, gives, attributes in nodes
    ]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info(name, FLOAT, []) for name in outputs],
        [tensor(array, name) for name, array in (arrays or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def one(op, attributes=None, *more, shape=("n", 4), **options):
    """A model of one node, whose other inputs are these arrays."""
    names = [f"w{index}" if array is not None else "" for index, array in enumerate(more)]
    arrays = {name: array for name, array in zip(names, more, strict=True) if name}
    return model([(op, ["x", *names], ["y"], attributes or {})], shape, arrays, **options)


F = np.float32
IMAGE, SEQUENCE = ("n", 2, 6, 6), (5, "n", 4)
W = np.ones((2, 2, 3, 3), F)
GATES = dict(hidden_size=3)
LSTM = [np.ones((1, 12, 4), F), np.ones((1, 12, 3), F)]
GRU = [np.ones((1, 9, 4), F), np.ones((1, 9, 3), F)]
LINEAR, ALIGN = dict(mode="linear"), dict(mode="linear", coordinate_transformation_mode="align_corners")
SCALES = np.array([1, 1, 1.3, 1.3], F)

NODES = [
    (one("GridSample", {}, np.zeros((1, 2, 2, 2), F), shape=IMAGE), "is an operator that Tinynet cannot turn into"),
    (one("TopK", {}, np.array([1])), "take the greatest of the outputs afterwards"),
    (one("Asin"), "Hint: write it as atan"),
    (one("Shrink"), "Greater and Mul work"),
    (one("Pow", {}, np.ones((2, 4), F)), "its exponents differ from number to number"),
    (model([("Relu", ["x"], ["p"], {}), ("Pow", ["x", "p"], ["y"], {})]), "its exponent comes from the data"),
    (one("Selu", {"alpha": 1.0}), "other numbers than the SELU of the paper"),
    (one("Softmax", {"axis": 1}, shape=IMAGE, opset=11), "before opset 13 it takes several axes at once"),
    (one("Gemm", {"transA": 1}, np.ones((4, 2), F), shape=(4, 4)), "it transposes its input"),
    (one("Gemm", {}, np.ones((4, 2, 1), F)), "its weight is no matrix"),
    (one("Pow", {}, np.ones(4, F)), "its exponents differ from number to number"),
    (one("Conv", {}, np.ones((2, 2, 3, 3, 3), F), shape=("n", 2, 6, 6, 6)), "it convolves arrays of 3 axes"),
    (one("Conv", {"pads": [-1, 0, 0, 0]}, W, shape=IMAGE), r"its padding is \[-1, 0, 0, 0\]"),
    (one("Conv", {}, np.ones((2, 2, 3, 3), np.int64), shape=IMAGE), "its input 1 holds int64, not floating-point"),
    (one("Conv", {"group": 2}, W, np.ones(3, F), shape=IMAGE), "has the shape .*, which does not fit"),
    (one("ConvTranspose", {"pads": [1, 0, 0, 0]}, W, shape=IMAGE), "it cuts off more at one side than at the other"),
    (one("MaxPool", {"kernel_shape": [2, 2, 2]}, shape=("n", 1, 4, 4, 4)), "it pools over 3 axes"),
    (one("MaxPool", {"kernel_shape": [3, 3], "pads": [1, 0, 0, 0]}, shape=IMAGE), "it pads one side more"),
    (one("AveragePool", {"kernel_shape": [2, 2], "dilations": [2, 2]}, shape=IMAGE), "it averages with gaps"),
    (one("GlobalMaxPool", {}, shape=("n", 2)), "it pools what are no images and no sequences"),
    (one("Resize", LINEAR, None, np.array([1, 2], F), shape=("n", 6)), "it resizes what are no images and no"),
    (one("Resize", {"antialias": 1}, None, SCALES, shape=IMAGE), "it smooths before it takes fewer pixels"),
    (one("Resize", {"mode": "nearest", "coordinate_transformation_mode": "tf_crop_and_resize"}, None, SCALES,
         shape=IMAGE), "it takes the nearest pixel with tf_crop_and_resize coordinates"),
    (one("Resize", LINEAR, None, np.array([1, 2, 2, 2], F), shape=IMAGE), "it resizes the batch or the channels"),
    (one("Resize", {"mode": "cubic"}, None, SCALES, shape=IMAGE), "its mode is cubic with half_pixel coordinates"),
    (one("Resize", ALIGN, None, SCALES, shape=IMAGE), "its scale gives no whole size, or a size of 1"),
    (one("Pad", {"mode": "wrap"}, np.array([0, 0, 7, 0, 0, 0, 0, 0]), shape=IMAGE), "it goes round more than once"),
    (one("Pad", {}, np.array([1, 0, 0, 0, 0, 0, 0, 0]), shape=IMAGE), r"it pads in the mode constant with 0, \[1, 0"),
    (one("Pad", {}, np.array([0, 1, 1]), shape=IMAGE), "it pads 1 axes of 4"),
    (one("ReduceL2", {"noop_with_empty_axes": 1}), "it names no axes, and reduces nothing"),
    (one("Einsum", {"equation": "...i,...i"}, np.ones((2, 4), F)), "its equation has three dots and no result"),
    (one("SplitToSequence", {"axis": 1}, shape=("n", "t")), "it splits a free axis"),
    (one("SplitToSequence", {"axis": 1}, shape=("n", 2000)), "it splits an array into 2,000 parts; up to 1,000 are"),
    (model([("Einsum", ["x", "w"], ["y"], {"equation": "ij,kl->i"})], ("n", 300), {"w": np.ones((3000, 3000), F)}),
     "it sums 5,400,000,000 products, which are too many"),
    (one("SequenceAt", {}, np.int64(0)), "it reads no list of parts"),
    (model([("Relu", ["x"], ["r"], {}), ("Gemm", ["x", "r"], ["y"], {"alpha": 2.0})], (4, 4)), "it scales a product"),
    (one("Trilu", shape=("n", "t", "t")), "its matrices have free axes"),
    (one("Reshape", {}, np.array([2, 2]), shape=("n", 2)), "Hint: the file is made for one size of the batch"),
    (one("BatchNormalization", {}, *[np.ones(2, F)] * 4, shape=("n", 2, 3, 3, 3)), "it normalizes arrays of 5 axes"),
    (one("LayerNormalization", {}, np.ones(3, F)), r"its weight has the shape \(3,\), expected \(4,\)"),
    (one("LSTM", GATES | {"direction": "reverse"}, *LSTM, shape=SEQUENCE), "it reads backward only"),
    (one("LSTM", GATES, *LSTM, None, np.array([5, 5], np.int32), shape=SEQUENCE), "it has the lengths of sequences"),
    (one("LSTM", GATES | {"clip": 1.0}, *LSTM, shape=SEQUENCE), "it has a layout, a clip or coupled gates"),
    (one("LSTM", GATES, *LSTM, None, None, np.ones((1, 1, 3), F), shape=(5, 1, 4)), "it has one first state"),
    (one("LSTM", GATES | {"activations": ["Relu"] * 3}, *LSTM, shape=SEQUENCE), "its activations are"),
    (one("LSTM", GATES, *LSTM, None, None, None, None, np.ones((1, 9), F), shape=SEQUENCE), "it has peepholes"),
    (one("GRU", GATES, *GRU, shape=SEQUENCE), "its reset gate acts before the product"),
    (one("Reshape", {}, np.array([3, -1, -1])), r"cannot become \[3, -1, -1\]"),
    (one("Reshape", {}, np.array([-2, 4])), r"it asks for the shape \[-2, 4\]"),
    (one("Expand", {}, np.array([2**20, 2**20, 1, 4])), "which is too large"),
    (model([("Add", ["x", "x"], ["y"], {})], dtype=INT), "it computes with whole numbers that come from the data"),
    (model([("Cast", ["x"], ["y"], {"to": INT})]), "it makes float32 out of data into another kind"),
    (model([("Gather", ["x", "x"], ["y"], {})], (4, 4), dtype=INT), "it takes rows that the data name"),
    (model([("Shape", ["x"], ["s"], {}), ("ConstantOfShape", ["s"], ["c"], {}), ("Add", ["x", "c"], ["y"], {})]),
     "fine"),
    (model([("Identity", ["w"], ["y"], {})], arrays={"w": np.ones(3, F)}), "its output 'y' does not depend"),
    (model([("Range", ["a", "b", "c"], ["r"], {}), ("Add", ["x", "r"], ["y"], {})],
           arrays={"a": F(0), "b": F(1e12), "c": F(1)}), "which is too large"),
    (model([("MaxPool", ["x"], ["y", "i"], {"kernel_shape": [2, 2]})], IMAGE, outputs=("y", "i")), "its indices"),
    (one("LayerNormalization", {}, np.ones(4, F), outputs=("y", "z")), "its output 'z' is not computed"),
    (model([("Relu", ["z"], ["y"], {})]), "reads 'z', which no node before it gives"),
    (model([("Relu", ["x"], ["x"], {})], outputs=("x",)), "which is there already"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "words"), NODES, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_what_cannot_be_read_is_named(made, words, tmp_path):
    onnx.save(made, tmp_path / "net.onnx")
    if words == "fine":
        x = np.ones((3, 4), F)
        assert np.array_equal(tn.load_onnx(tmp_path / "net.onnx").predict(x), x)
        return
    with pytest.raises(ValueError, match=words) as caught:
        tn.load_onnx(tmp_path / "net.onnx")
    assert str(caught.value).startswith(f"load_onnx: {str(tmp_path / 'net.onnx')!r}: ")


def test_a_sentence_names_node_place_and_what_works(tmp_path):
    onnx.save(one("Reluu"), tmp_path / "net.onnx")
    sentence = (
        "node '/block/Reluu' \\(Reluu\\), in block is an operator that Tinynet cannot turn into a layer.\nHint: the "
    )
    with pytest.raises(ValueError, match=sentence + "nearest that works is PRelu|Relu"):
        tn.load_onnx(tmp_path / "net.onnx")


def damaged(change):
    made = one("Relu")
    change(made)
    return made


def _foreign(made):
    made.graph.node[0].domain = "com.microsoft"


def _function(made):
    made.functions.add().name = "f"


def _without_shape(made):
    made.graph.input[0].type.tensor_type.ClearField("shape")


def _type(made):
    made.graph.input[0].type.tensor_type.elem_type = 99


def _branch(made):
    made.graph.node[0].attribute.add().CopyFrom(helper.make_attribute("body", made.graph))


def _array(**fields):
    def change(made):
        new = made.graph.initializer.add()
        new.name = "w"
        for name, value in fields.items():
            new.dims.extend(value) if name == "dims" else setattr(new, name, value)

    return change


def _large_input(made):
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**40


def _outside(**entries):
    def change(made):
        _array(dims=[2], data_type=FLOAT, data_location=onnx.TensorProto.EXTERNAL)(made)
        for key, value in entries.items():
            entry = made.graph.initializer[0].external_data.add()
            entry.key, entry.value = key, value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_foreign, "it uses operators of 'com.microsoft', which only one program knows"),
        (_function, "it defines functions of its own, which are not read"),
        (_without_shape, "the input x has no shape"),
        (_type, "the input x has no type that is read"),
        (_branch, "holds a graph of its own"),
        (_array(dims=[2**40, 2], data_type=FLOAT), "the tensor w has the shape .*, which is too large"),
        (_array(dims=[2], data_type=99), "the tensor w has the type 99, which is not read"),
        (_array(dims=[2], data_type=onnx.TensorProto.STRING), "the tensor w holds object, which is not read"),
        (_array(dims=[2], data_type=FLOAT, raw_data=b"123"), "the tensor w does not hold what its shape says"),
        (_large_input, "its input x has the shape"),
        (_outside(location="../secret"), "should lie in '../secret', outside of its folder"),
        (_outside(location="/etc/passwd"), "outside of its folder"),
        (_outside(location="missing.bin"), "missing.bin' with the data of the tensor w is not there"),
        (_outside(location="here.bin", offset="9"), "here.bin' is too short to hold the tensor w"),
    ],
)
def test_damaged_files(change, words, tmp_path):
    (tmp_path / "here.bin").write_bytes(b"12345678")
    (tmp_path / "net.onnx").write_bytes(damaged(change).SerializeToString())
    with pytest.raises(ValueError, match=words):
        tn.load_onnx(tmp_path / "net.onnx")


def test_weights_in_a_file_beside_it(tmp_path):
    made = one("Add", {}, np.arange(4, dtype=F))
    onnx.save(made, tmp_path / "net.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    assert (tmp_path / "w.bin").stat().st_size == 16
    found = tn.load_onnx(tmp_path / "net.onnx").predict(np.zeros((1, 4), F))
    assert np.array_equal(found, [np.arange(4)])


def test_too_many_nodes(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.exchange.onnx.read.file.MAX_NODES", 0)
    onnx.save(one("Relu"), tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="it has 1 nodes; up to 0 are read"):
        tn.load_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 40])
def test_what_is_no_onnx_file(content, tmp_path):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"load_onnx: '.*net.onnx' is no ONNX file, or it"):
        tn.load_onnx(tmp_path / "net.onnx")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="load_onnx: there is no file"):
        tn.load_onnx(tmp_path / "net.onnx")


def test_free_axes_are_named_by_the_caller(tmp_path):
    positions = [("Shape", ["x"], ["s"], {"start": 1, "end": 2}), ("Squeeze", ["s"], ["T"], {})]
    positions += [("Range", ["a", "T", "b"], ["r"], {}), ("Cast", ["r"], ["f"], {"to": FLOAT})]
    made = model([*positions, ("Add", ["x", "f"], ["y"], {})], ("n", "t"), {"a": np.int64(0), "b": np.int64(1)})
    onnx.save(made, tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="depends on the shape of the input.*\n.*input_shape=..."):
        tn.load_onnx(tmp_path / "net.onnx")
    net = tn.load_onnx(tmp_path / "net.onnx", input_shape=(5,))
    assert np.array_equal(net.predict(np.zeros((2, 5), F)), np.tile(np.arange(5), (2, 1)))
    with pytest.raises(ValueError, match="the input x has 2 axes, input_shape says 3"):
        tn.load_onnx(tmp_path / "net.onnx", input_shape=(5, 5))
    with pytest.raises(ValueError, match="it has 1 inputs, input_shape names 2"):
        tn.load_onnx(tmp_path / "net.onnx", input_shape=[(5,), (5,)])
    with pytest.raises(TypeError, match="load_onnx: input_shape must be a tuple of integers, got 5"):
        tn.load_onnx(tmp_path / "net.onnx", input_shape=5)


def test_a_shape_that_depends_on_two_free_axes(tmp_path):
    nodes = [("Shape", ["x"], ["s"], {}), ("Mul", ["s", "k"], ["m"], {}), ("Reshape", ["x", "m"], ["y"], {})]
    made = model(nodes, ("n", "t", 4), {"k": np.array([2, 2, 1])})
    onnx.save(made, tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="cannot become"):
        tn.load_onnx(tmp_path / "net.onnx")


def test_equal_arrays_that_an_exporter_stores_once_are_learned_apart(tmp_path):
    nodes = [("LayerNormalization", ["x", "w"], ["a"], {}), ("LayerNormalization", ["a", "w"], ["y"], {})]
    onnx.save(model(nodes, arrays={"w": np.ones(4, F)}), tmp_path / "net.onnx")
    assert len(tn.load_onnx(tmp_path / "net.onnx").parameters()) == 2
    onnx.save(model(nodes, arrays={"w": np.arange(4, dtype=F)}), tmp_path / "net.onnx")
    assert len(tn.load_onnx(tmp_path / "net.onnx").parameters()) == 1


def test_half_and_double_precision(tmp_path):
    for dtype, computed in ((np.float16, np.float32), (np.float64, np.float64)):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        made = one("Gemm", {}, np.ones((4, 2), dtype), dtype=kind)
        onnx.save(made, tmp_path / "net.onnx")
        net = tn.load_onnx(tmp_path / "net.onnx")
        assert net.dtype == computed
        assert net.predict(np.ones((1, 4), computed)).dtype == computed
