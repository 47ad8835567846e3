"""A report takes no other file's place, and a net may have several outputs."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import Flatten, Layer, Linear
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.visualize import report


def net() -> Net:
    return Net([Flatten(), Linear(4, 3)])


def test_a_folder_is_answered_with_the_name_of_a_page(tmp_path):
    tn.save(net(), tmp_path / "model.safetensors")
    with pytest.raises(IsADirectoryError, match=r"report: .* is a folder.*\nHint: .*report.html'") as caught:
        report(tmp_path, net())
    assert "model.safetensors" not in str(caught.value)


def test_weights_are_never_overwritten_by_a_page(tmp_path):
    for name, content in (("net.safetensors", None), ("history.csv", b"epoch,loss\n"), ("notes", b"mine")):
        path = tmp_path / name
        path.write_bytes(content) if content else tn.save(net(), path)
        before = path.read_bytes()
        with pytest.raises(FileExistsError, match=r"is no HTML page.*nothing was changed.\nHint: .*report.html'"):
            report(path, net())
        assert path.read_bytes() == before


def test_an_earlier_page_of_any_name_is_replaced(tmp_path):
    for path in (tmp_path / "a.html", tmp_path / "b"):
        path.touch()
        for title in ("first", "second"):
            report(path, net(), title=title)
        assert "<title>second</title>" in path.read_text(encoding="utf-8")


class Two(Layer):
    def __init__(self):
        self.a, self.b = Linear(4, 3), Linear(4, 2)

    def forward(self, x):
        return self.a.forward(x), self.b.forward(x)

    def backward(self, da, db):
        return self.a.backward(da) + self.b.backward(db)


def both(predicted, truth):
    losses = [mean_squared_error(p, y) for p, y in zip(predicted, truth, strict=True)]
    return losses[0][0] + losses[1][0], (losses[0][1], losses[1][1])


@pytest.mark.parametrize("several", [True, False])
def test_a_net_may_have_several_outputs(tmp_path, several):
    x = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    y = (np.zeros((9, 3), np.float32), np.zeros((9, 2), np.float32)) if several else np.arange(9) % 3
    path = report(tmp_path / "a.html", Net([Two()]), test=Dataset(x, y), loss=both if several else None)
    assert "Weights and gradients" in path.read_text(encoding="utf-8")
