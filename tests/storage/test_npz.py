"""Files of NumPy: out, in, and what is refused without being executed."""

import io
import zipfile

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import BatchNorm1D, Linear
from tinynet.net import Net
from tinynet.storage import npz
from tinynet.storage.npz import read_npz, write_npz


def small_net():
    return Net([Linear(3, 4), BatchNorm1D(4), Linear(4, 2)])


def test_out_and_in(tmp_path):
    net, again = small_net(), small_net()
    net.forward(np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32))
    tn.export_npz(net, tmp_path / "weights.npz")
    tn.load_weights(again, tmp_path / "weights.npz")
    assert all(np.array_equal(array, again.state()[name]) for name, array in net.state().items())
    with np.load(tmp_path / "weights.npz") as file:
        assert sorted(file) == sorted(net.state())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(save, tmp_path):
    net = small_net()
    state = {name: np.asfortranarray(array.astype(np.float64) + 1) for name, array in net.state().items()}
    state["1.num_batches_tracked"] = np.array(3, ">i8")
    save(tmp_path / "weights.npz", **state)
    tn.load_weights(net, tmp_path / "weights.npz")
    assert all(np.allclose(array, state[name]) for name, array in net.state().items())


def test_a_parameter_called_file(tmp_path):
    write_npz("test", tmp_path / "a.npz", {"file": np.ones(2), "a/b": np.zeros((0, 2))})
    assert {name: array.shape for name, array in read_npz("test", tmp_path / "a.npz").items()} == {
        "file": (2,),
        "a/b": (0, 2),
    }


def test_the_same_net_gives_the_same_bytes(tmp_path):
    net = small_net()
    for name in ("a", "b"):
        tn.export_npz(net, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_entries_that_do_not_fit_are_named(tmp_path):
    state = small_net().state()
    state["3.weight"] = state.pop("2.weight")
    np.savez(tmp_path / "weights.npz", **state)
    with pytest.raises(ValueError, match="load_weights: .*weights.npz' was not loaded") as caught:
        tn.load_weights(small_net(), tmp_path / "weights.npz")
    assert "2.weight" in str(caught.value)
    assert "3.weight" in str(caught.value)


def archive(path, **members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(array, **options):
    content = io.BytesIO()
    np.save(content, array, **options)
    return content.getvalue()


class Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"data.pkl": b"x"}, r"it is a zip archive of other files, as \.pt and \.keras files are"),
        ({"a.npy": npy(np.array([Evil()]), allow_pickle=True)}, r"a\.npy holds object and not plain numbers"),
        ({"a.npy": npy(np.array(["text"]))}, r"a\.npy holds <U4 and not plain numbers"),
        ({"a.npy": npy(np.ones(5))[:-8]}, r"a\.npy is not as long as its shape \(5,\) tells"),
        ({"a.npy": npy(np.ones(5)).replace(b"(5,)", b"(-5,)")}, "cannot be read as an .npz file"),
        ({"a.npy": npy(np.ones(5)).replace(b"<f8", b"(((")}, "cannot be read as an .npz file"),
        ({"a.npy": npy(np.ones(5)).replace(b"}", b"{")}, "cannot be read as an .npz file: .*EOF"),
        ({"a.npy": b"nothing"}, "cannot be read as an .npz file"),
        ({"a.npy": npy(np.ones(2**24))}, r"more than the 67,108,864 bytes that may be needed"),
    ],
)
def test_what_is_no_array_is_refused(members, words, tmp_path, capsys):
    with pytest.raises(ValueError, match=f"load_weights: '.*weights.npz' cannot be read.*{words}|{words}"):
        tn.load_weights(small_net(), archive(tmp_path / "weights.npz", **members))
    assert "executed" not in capsys.readouterr().out


def test_the_limit_follows_the_net_and_leaves_room_for_float64(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.storage.weights.LEAST_LIMIT", 0)
    net, path = Net([Linear(100, 50)]), tmp_path / "weights.npz"
    state = {name: array.astype(np.float64) for name, array in net.state().items()}
    np.savez(path, **state)
    tn.load_weights(Net([Linear(100, 50)]), path)
    np.savez(path, **state, more=np.ones(6000))
    with pytest.raises(ValueError, match=r"its arrays would take more than the 80,800 bytes that may be needed\."):
        tn.load_weights(net, path)


def test_any_damage_ends_in_a_sentence_or_a_correct_load(tmp_path):
    net, path = small_net(), tmp_path / "weights.npz"
    np.savez_compressed(path, **net.state())
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for trial in range(300):
        changed = bytearray(whole)
        if trial % 3 == 0:
            changed = changed[: rng.integers(4, len(whole))]
        else:
            for _ in range(rng.integers(1, 4)):
                changed[rng.integers(4, len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        try:
            tn.load_weights(net, path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_nothing_is_written_where_it_does_not_come_back(tmp_path, monkeypatch):
    tn.export_npz(Linear(2, 2), tmp_path / "weights.npz")
    before = (tmp_path / "weights.npz").read_bytes()
    monkeypatch.setattr(npz, "same", lambda a, b: False)
    with pytest.raises(OSError, match="was not written, what came back from the disk differs; nothing was changed"):
        tn.export_npz(Linear(2, 2), tmp_path / "weights.npz")
    assert (tmp_path / "weights.npz").read_bytes() == before


def test_nothing_but_a_net_is_written(tmp_path):
    with pytest.raises(TypeError, match="export_npz: net must be"):
        tn.export_npz({}, tmp_path / "weights.npz")


def test_as_many_bytes_are_read_as_the_net_can_need(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.storage.weights.LEAST_LIMIT", 0)
    net = Net([Linear(50, 60)])
    state = {name: array.astype(np.float64) + 1 for name, array in net.state().items()}
    np.savez(tmp_path / "weights.npz", **state)
    tn.load_weights(net, tmp_path / "weights.npz")
    assert np.allclose(net[0].weight.tensor, state["0.weight"])
    np.savez(tmp_path / "weights.npz", **state, more=np.zeros(4000))
    with pytest.raises(ValueError, match=r"its arrays would take more than the 48,960 bytes that may be needed"):
        tn.load_weights(net, tmp_path / "weights.npz")
