"""tinynet look: pictures of what the network of a run has learned."""

import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from tinynet import models
from tinynet.cli.look import METHODS
from tinynet.core.faster import use
from tinynet.storage import save


def run_of(run, folder, net, **config):
    """A run with another net than that of a run, which need not be trained to be looked at."""
    shutil.copytree(run, folder)
    save(net, folder / "model.safetensors")
    before = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(before | config))
    return folder


@pytest.fixture(scope="module")
def cnn(run, tmp_path_factory):
    """A run of a convolutional net."""
    return run_of(run, tmp_path_factory.mktemp("runs") / "cnn", models.digits_cnn(), model="digits_cnn")


@pytest.fixture
def quick(monkeypatch):
    """Figures are made, and not painted."""
    monkeypatch.setattr(sys.modules["tinynet.visualize.style"], "png", lambda figure: b"picture")


def test_a_picture_of_one_sample(cnn, tinynet, tmp_path):
    out = tmp_path / "seven.png"
    result = tinynet("look", cnn, "--method", "gradcam", "--sample", 7, "--out", out)
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("sample 7: the score of ")
    assert lines[1] == "  The layer is 3: ReLU(), with maps of 8 × 8."
    assert lines[-1] == f"written: {out}"
    with Image.open(out) as picture:
        assert picture.size[0] > 300


ELSEWHERE = ("boundary", "attention")  # of nets in the plane, and of texts


@pytest.mark.parametrize("method", [name for name in METHODS if name not in (*ELSEWHERE, "tsne", "landscape")])
def test_every_method(method, cnn, tinynet, quick):
    result = tinynet("look", cnn, "--method", method, "--sample", 0)
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == f"written: {cnn / f'look-{method}.png'}"
    (cnn / f"look-{method}.png").unlink()


def test_the_first_four_by_all_methods_that_fit(run, tinynet, quick):
    result = tinynet("look", run)
    assert result.status == 0
    assert [line.split(":")[0] for line in result.out.splitlines()[:4]] == [f"sample {i}" for i in range(4)]
    assert "Guided back-propagation may ignore the weights" in result.out
    refused = tinynet("look", run, "--method", "attention")
    assert refused.status == 2
    assert "attention_maps: there is no MultiHeadAttention in this net" in refused.err
    refused = tinynet("look", run, "--method", "gradcam")
    assert refused.status == 2
    assert "grad_cam: there is no convolution in this net" in refused.err
    (run / "look-all.png").unlink()


def test_the_slow_ones_do_what_they_are_called(run, tinynet, quick, monkeypatch):
    from tinynet import visualize

    asked = []
    for name in ("embedding_map", "loss_landscape"):
        monkeypatch.setattr(visualize, name, lambda *a, name=name, **o: asked.append((name, o)))
    assert tinynet("look", run, "--method", "tsne").status == 0
    assert tinynet("look", run, "--method", "landscape").status == 0
    assert asked == [("embedding_map", {"method": "tsne"}), ("loss_landscape", {})]
    for method in ("tsne", "landscape"):
        (run / f"look-{method}.png").unlink()


def test_a_class_by_name_or_number_and_a_layer(cnn, tinynet, quick, tmp_path):
    out = tmp_path / "x.png"
    by_name = tinynet("look", cnn, "--method", "saliency", "--target", "3", "--out", out)
    assert "the score of 3 is" in by_name.out
    layer = tinynet("look", cnn, "--method", "gradcam", "--layer", "1", "--out", out)
    assert "The layer is 1: ReLU()" in layer.out
    for words, complaint in (
        (("--target", "ten"), "there is no class 'ten'."),
        (("--layer", "99"), "there is no layer '99' in this net"),
        (("--sample", "360"), "--sample must be from 0 to 359, got 360"),
        (("--out", "x.jpg"), "--out must end with .png, got x.jpg.\nHint: write --out x.png"),
        (("--method", "shap"), "there is no method called 'shap'"),
    ):
        method = () if "--method" in words else ("--method", "gradcam")
        result = tinynet("look", cnn, *method, *words)
        assert (result.status, complaint in result.err) == (2, True), result.err


def test_a_picture_file(cnn, tinynet, quick, tmp_path):
    path = tmp_path / "bar.png"
    canvas = np.zeros((64, 64), np.uint8)
    canvas[10:54, 28:36] = 255
    Image.fromarray(canvas).save(path)
    result = tinynet("look", cnn, "--image", path, "--method", "saliency", "--out", tmp_path / "out.png")
    assert result.status == 0
    assert result.out.startswith(f"{path}: the score of ")


def test_points_of_the_plane(run, tinynet, quick, tmp_path):
    about = {"dataset": "moons", "input_shape": [2], "classes": ["0", "1"]}
    folder = run_of(run, tmp_path / "moons", models.mlp(2, [8], 2), **about)
    for method in ("boundary", "integrated", "all"):
        assert tinynet("look", folder, "--method", method).status == 0
    refused = tinynet("look", folder, "--image", "x.png")
    assert (refused.status, "this run was trained on moons, not on pictures" in refused.err) == (2, True)


def test_an_autoencoder_has_scores_without_classes(run, tinynet, quick, tmp_path):
    folder = run_of(run, tmp_path / "run", models.conv_autoencoder((1, 8, 8)), model="conv_autoencoder")
    result = tinynet("look", folder, "--method", "saliency", "--sample", 0)
    assert result.status == 0
    assert result.out.startswith("sample 0: the score is ")


def test_it_is_drawn_with_the_kernels_of_the_run(run, tinynet, quick, monkeypatch):
    used = []
    monkeypatch.setattr(sys.modules["tinynet.cli.look"], "use", lambda name: used.append(name) or use(name))
    assert tinynet("look", run, "--method", "saliency").status == 0
    assert used == ["auto"]
    (run / "look-saliency.png").unlink()
