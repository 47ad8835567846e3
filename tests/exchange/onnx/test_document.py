"""What a file says: nodes, their attributes and places, the arrays, and which of them are learned."""

import numpy as np
import pytest

from tests.exchange.onnx.test_operators import BUFFER, PARAMETER, with_signature
from tests.exchange.onnx.test_unreadable import FLOAT, F, helper, model, one
from tinynet.exchange.onnx.read.file import Node, Unreadable, _scopes, document
from tinynet.exchange.onnx.read.learned import depends_on_weights, is_learned
from tinynet.exchange.onnx.read.reader import Value

onnx = pytest.importorskip("onnx")


@pytest.mark.parametrize(
    ("domains", "opset"),
    [({"": 20}, 20), ({"ai.onnx": 12}, 12), ({"ai.onnx": 12, "": 13}, 13), ({"ai.onnx.ml": 3}, 1), ({}, 1)],
)
def test_a_file_names_the_version_of_its_operators(domains, opset):
    made = one("Relu")
    del made.opset_import[:]
    made.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in domains.items())
    assert document(onnx, made, None).opset == opset


def test_what_is_a_weight_is_no_input():
    made = one("Add", {}, np.ones(4, F), shape=("n", 4))
    made.graph.input.append(helper.make_tensor_value_info("w0", FLOAT, [4]))  # as files before 2019 have it
    made.metadata_props.add(key="author", value="me")
    made.producer_name = "somebody"
    found = document(onnx, made, None)
    assert found.inputs == {"x": (np.float32, ["n", 4])}
    assert (found.outputs, list(found.arrays), found.metadata) == (["y"], ["w0"], {"author": "me"})
    assert (found.producer, found.parameters, found.buffers) == ("somebody", None, set())


def test_a_size_without_name_is_free():
    made = one("Relu", shape=("n", 4))
    made.graph.input[0].type.tensor_type.shape.dim.add()
    assert document(onnx, made, None).inputs["x"][1] == ["n", 4, "?"]


def test_attributes_are_python_values():
    made = one("Relu", {"alpha": 0.1, "axis": 2, "mode": "linear", "axes": [1, 2], "parts": ["a", "b"], "by": [0.5]})
    made.graph.node[0].attribute.append(helper.make_attribute("value", onnx.numpy_helper.from_array(np.arange(2))))
    (node,) = document(onnx, made, None).nodes
    held = node.attributes.pop("value")
    assert held.tolist() == [0, 1]
    expected = {"alpha": 0.1, "axis": 2, "mode": "linear", "axes": [1, 2], "parts": ["a", "b"], "by": [0.5]}
    assert node.attributes == expected
    assert {name: type(value) for name, value in node.attributes.items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_how_a_sentence_names_a_node():
    assert Node("Relu", "a", [], ["y"], {}, []).label == "node 'a' (Relu)"
    assert Node("Relu", "", [], ["y"], {}, ["net", "net.act"]).label == "node 'y' (Relu), in net.act"
    assert Node("CastLike", "", ["x", "w"], ["y"], {}, []).reads == ["x"]
    assert Node("Add", "", ["x", "w"], ["y"], {}, []).reads == ["x", "w"]


@pytest.mark.parametrize(
    ("metadata", "name", "scopes"),
    [
        ("", "/features/features.0/Conv", ["features", "features.0"]),
        ("", "/block/fc/Gemm", ["block", "block.fc"]),
        ("", "/a/ab/Gemm", ["a", "a.ab"]),
        ("", "/Conv", []),
        ("", "block/Conv", []),
        ("", "/two words/Conv", []),
        ("['', 'a', 'a.b', 3, 'two words']", "/x/Conv", ["a", "a.b"]),
        ("['a'", "/x/Conv", []),
        ("[a]", "/x/Conv", []),
        ("('a',)", "/x/Conv", ["x"]),
        (repr(["a"] * 3000), "/x/Conv", ["x"]),
    ],
)
def test_the_modules_around_a_node(metadata, name, scopes):
    assert _scopes(metadata, name) == scopes


def test_the_operation_is_no_module_where_pytorch_has_named_it():
    made = one("Relu")
    about = made.graph.node[0].metadata_props
    about.add(key="pkg.torch.onnx.name_scopes", value="['', 'net', 'net.act', 'relu']")
    about.add(key="pkg.onnxscript.rewriter.rule_name", value="FuseSomething")
    (node,) = document(onnx, made, None).nodes
    assert (node.scopes, node.rules) == (["net", "net.act", "relu"], "FuseSomething")
    about.add(key="pkg.torch.onnx.class_hierarchy", value="[]")
    assert document(onnx, made, None).nodes[0].scopes == ["net", "net.act"]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([("Relu", ["z"], ["y"], {})], r"reads 'z', which no node before it gives\."),
        ([("Relu", ["x"], ["x"], {})], r"gives \['x'\], which is there already\."),
        ([("Relu", ["x"], [], {})], r"gives nothing, which is there already\."),
    ],
)
def test_nodes_that_contradict_each_other(nodes, words):
    with pytest.raises(Unreadable, match=rf"^node '/block/Relu' \(Relu\), in block {words}$"):
        document(onnx, model(nodes), None)


def test_an_input_that_is_left_out_is_there():
    made = one("Clip", {}, None, F(1))
    assert document(onnx, made, None).nodes[0].inputs == ["x", "", "w1"]


def test_what_is_computed_from_parameters_is_learned_and_what_from_buffers_is_not():
    made = model([("Mul", ["x", "a"], ["y"], {})], arrays={"a": np.ones(4, F), "b": np.ones(4, F), "c": np.ones(4, F)})
    with_signature(made, PARAMETER.format("gamma"), BUFFER.format("table"))
    for name, sources in (("a", "['gamma', 'table']"), ("b", "['table']"), ("c", "['other']"), ("y", "['gamma']")):
        value = made.graph.value_info.add(name=name)
        value.metadata_props.add(key="other", value="['gamma']")
        value.metadata_props.add(key="pkg.onnxscript.optimizer.folded_from", value=sources)
    found = document(onnx, made, None)
    assert (found.parameters, found.buffers) == ({"gamma", "a"}, {"table", "b"})


@pytest.mark.parametrize(
    ("name", "array", "producer", "learned"),
    [
        ("weight", np.ones(2, F), "", True),
        ("block.0.weight", np.ones(2, F), "", True),
        ("scale", np.ones(1, F), "", False),
        ("scale", np.ones(1, F), "pytorch", True),
        (None, np.ones(2, F), "", False),
        ("index", np.ones(2, int), "", False),
        *[
            (name, np.ones(2, F), "pytorch", False)
            for name in ("val_1", "_val_3", "const_0", "onnx::Mul_3", "/a", "12")
        ],
        ("a b", np.ones(2, F), "", False),
    ],
)
def test_names_tell_what_is_learned(name, array, producer, learned):
    found = document(onnx, one("Relu"), None)
    found.producer = producer
    assert is_learned(found, name, array) is learned
    found.parameters = {"val_1"}
    assert is_learned(found, name, array) is (name == "val_1")


@pytest.mark.parametrize(
    ("op", "told", "untold"),
    [("Exp", True, True), ("Transpose", True, True), ("Sin", True, False), ("Shape", False, False)],
)
def test_what_depends_on_weights(op, told, untold):
    found, node = document(onnx, one("Relu"), None), Node(op, "", ["w"], ["y"], {}, [])
    weight, other = Value((np.ones(2, F),) * 2, True, "w"), Value((np.ones(2, F),) * 2, True)
    assert depends_on_weights(found, node, [None, other, weight]) is untold
    found.parameters = {"w"}
    assert depends_on_weights(found, node, [weight]) is told
    assert not depends_on_weights(found, node, [None, other])
    computed = Value((np.ones(2, F),) * 2, True, None, node)
    assert depends_on_weights(found, node, [computed]) is told
