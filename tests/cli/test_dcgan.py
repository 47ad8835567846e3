"""A generator and its discriminator at the command line, from training to what is drawn."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import tinynet as tn
from tests.cli.test_resume import Press, left
from tests.cli.without_report import without_report
from tinynet.cli import app, main, train
from tinynet.cli.adversaries import course_of, is_judged
from tinynet.cli.choosing import choose
from tinynet.cli.drawing import drawn
from tinynet.models import noise
from tinynet.storage.checkpoints import checkpoints_in

WORDS = ("train", "digits", "--model", "dcgan:width=2,latent=5", "--epochs", "2", "--batch-size", "128")


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run that nobody disturbed; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("dcgan") / "run"
    with without_report(), pytest.raises(SystemExit):
        main([*WORDS, "--out", str(folder)])
    return folder


@pytest.fixture
def _no_report(monkeypatch):
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)


def test_a_run_holds_both_nets_in_one_file(straight, tinynet):
    net = tn.load(straight / "model.safetensors")
    assert net.names == ("generator", "discriminator")
    assert net[0].predict(noise(3, 5)).shape == (3, 1, 8, 8)
    assert net[1].predict(np.zeros((3, 1, 8, 8), np.float32)).shape == (3, 1)
    config = json.loads((straight / "config.json").read_text())
    assert set(config["test"]) == {"loss", "drawn_taken_for_real", "real_taken_for_real"}
    assert (config["optimizer"], config["valid_fraction"]) == ("adam:betas=0.5/0.999", 0.0)
    assert (straight / "history.csv").read_text().startswith("epoch,loss,drawn_taken_for_real,lr,seconds\n")
    card = tinynet("card", straight).out
    assert "generator: Net()" in card
    assert "model           dcgan" in card


def test_what_is_left_out_is_as_in_the_paper_and_the_example():
    settings = choose("mnist", "dcgan")
    assert (settings.epochs, settings.batch_size, settings.lr) == (3, 64, 1e-3)
    assert choose("mnist", "dcgan", optimizer="adam:betas=0.9/0.99").optimizer == "adam:betas=0.9/0.99"
    assert choose("mnist", "dcgan", optimizer="adamw").optimizer == "adamw"
    learner = app.training.make_learner(choose("digits", "dcgan:width=2"), tn.data.digits()[0])
    assert (learner.optimizer.lr, learner.discriminator_optimizer.lr) == (0.001, 0.0002)
    assert settings.schedule == "constant"
    assert "--schedule" not in settings.command("run")
    assert "--schedule cosine" in choose("mnist", "dcgan", schedule="cosine").command("run")
    assert learner.valid is None


@pytest.mark.usefixtures("_no_report")
def test_it_is_resumed_bit_for_bit(straight, tinynet, tmp_path, monkeypatch):
    make, folder = train.training.make_learner, tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(train.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, Press(2)], *m))
        assert tinynet(*WORDS, "--out", folder).status == 130
    again = tinynet("train", "--resume", folder)
    assert (again.status, "resumed at step" in again.out) == (0, True)
    assert left(folder) == left(straight)
    newest = [checkpoints_in(run / "checkpoints")[0] for run in (folder, straight)]
    for name in ("optimizer.safetensors", "arrays.safetensors"):  # of both nets and both optimizers
        kept = [tn.storage.tensors.read_tensors("test", place / name)[0] for place in newest]
        np.testing.assert_equal(*kept)


@pytest.mark.usefixtures("_no_report")
def test_a_run_that_was_killed_after_its_last_step_comes_to_the_same(straight, tinynet, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    (folder / "model.safetensors").unlink()
    assert tinynet("train", "--resume", folder).status == 0
    assert left(folder) == left(straight)


@pytest.mark.usefixtures("_no_report")
def test_its_configuration_repeats_it_in_another_precision_too(straight, tinynet, tmp_path):
    assert tinynet("train", "--config", straight, "--out", tmp_path / "again").status == 0
    assert left(tmp_path / "again") == left(straight)
    result = tinynet("train", "--config", straight, "--precision", "float64", "--epochs", 1, "--out", tmp_path / "wide")
    assert result.status == 0
    assert tn.load(tmp_path / "wide/model.safetensors").dtype == np.float64


def test_it_is_tested_shown_and_summarised(straight, tinynet, tmp_path):
    first = tinynet("evaluate", straight).out
    assert "drawn_taken_for_real" in first
    shutil.copy(straight / "model.safetensors", tmp_path / "copy.safetensors")
    assert tinynet("evaluate", tmp_path / "copy.safetensors").out == first
    for what in (straight, straight / "model.safetensors", tmp_path / "copy.safetensors"):
        assert "an input of (N, 5)" in tinynet("summary", what).out
    assert "an input of (N, 64)" in tinynet("summary", "dcgan", "--input-shape", "3,16,16").out
    assert "The doctor" in tinynet("doctor", straight).out
    assert "generator.0" in tinynet("explain", straight).out
    compared = tinynet("compare", straight, tmp_path / "copy.safetensors")
    assert compared.status == 2


def test_the_report_shows_what_is_drawn(straight, tinynet, tmp_path):
    shutil.copytree(straight, tmp_path / "run")
    assert tinynet("report", tmp_path / "run").status == 0
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "Drawn pictures" in page
    assert "The losses do not tell how well it draws" in page
    assert "stuck" not in page


def test_new_pictures_are_drawn(straight, tinynet, tmp_path):
    outs = [tmp_path / f"{name}.png" for name in "abc"]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        result = tinynet("draw", straight, "--number", 6, "--columns", 3, "--seed", seed, "--out", out)
        assert result.out == f"written: {out}\n"
    a, b, c = (np.asarray(Image.open(out)) for out in outs)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    net = tn.load(straight / "model.safetensors")
    np.testing.assert_array_equal(drawn(net, 4, seed=1), drawn(net, 6, seed=1)[:4])


@pytest.mark.usefixtures("_no_report")
def test_a_vae_draws_too(tinynet, tmp_path):
    words = ("--model", "vae:hidden=8,latent=3", "--epochs", 1, "--batch-size", 512)
    assert tinynet("train", "digits", *words, "--out", tmp_path).status == 0
    assert tinynet("draw", tmp_path, "--number", 4).out == f"written: {tmp_path / 'drawn.png'}\n"
    pictures = drawn(tn.load(tmp_path / "model.safetensors", layers=[tn.models.VariationalAutoencoder]), 4, 0)
    assert pictures.shape == (4, 1, 8, 8)
    assert 0 < pictures.min() < pictures.max() < 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--number", 0), "--number must be at least 1, got 0"),
        (("--columns", 99), "--columns must be at most 36, got 99"),
        (("--seed", -1), "--seed must be at least 0, got -1"),
        (("--out", "drawn.jpg"), "--out must end with .png, got drawn.jpg"),
    ],
)
def test_what_cannot_be_drawn_is_said(words, sentence, straight, tinynet):
    result = tinynet("draw", straight, *words)
    assert (result.status, sentence in result.err) == (2, True)


def test_others_do_not_draw(run, tinynet):
    err = tinynet("draw", run).err
    assert f"the net of {run} has not learned to draw new pictures" in err
    assert "--model vae or dcgan" in err


def test_its_discriminator_looks_at_pictures(straight, tinynet, tmp_path):
    out = tmp_path / "look.png"
    result = tinynet("look", straight, "--method", "saliency", "--target", "real", "--out", out)
    assert (result.status, "the score of real is" in result.out, out.exists()) == (0, True, True)
    assert "there is no class '3'" in tinynet("look", straight, "--target", 3).err
    assert "--method landscape goes by the loss" in tinynet("look", straight, "--method", "landscape").err


def test_its_generator_is_exported(straight, tinynet, tmp_path):
    assert tinynet("export", straight, "--to", "npz", "--out", tmp_path / "weights.npz").status == 0
    generator = tn.load(straight / "model.safetensors")[0]
    with np.load(tmp_path / "weights.npz") as kept:
        assert set(kept) == set(generator.state())
    assert tinynet("export", straight, "--to", "pytorch", "--out", tmp_path / "pytorch").status == 0


@pytest.mark.parametrize("command", ["check", "find-rate", "tune"])
def test_what_goes_by_the_loss_is_refused(command, tinynet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = tinynet(command, "digits", "--model", "dcgan")
    assert (result.status, f"{command} goes by the loss, but a low one of dcgan may" in result.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_it_predicts_nothing(straight, tinynet):
    result = tinynet("predict", straight, "seven.png")
    assert (result.status, "draws pictures, it names no classes of pictures" in result.err) == (2, True)


@pytest.mark.usefixtures("_no_report")
def test_on_pictures_of_ones_own(tinynet, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("light", "dark"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 128, (12, 12, 3), np.uint8) + (127 if name == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "pictures" / name / f"{number}.png")
    words = ("train", tmp_path / "pictures", "--model", "dcgan:width=2", "--size", 8, "--augment", "flip")
    assert tinynet(*words, "--epochs", 1, "--out", tmp_path / "run").status == 0
    assert drawn(tn.load(tmp_path / "run/model.safetensors"), 2, 0).shape == (2, 3, 8, 8)
    assert "real_taken_for_real" in tinynet("evaluate", tmp_path / "run").out
    assert choose(str(tmp_path / "pictures"), "dcgan", own={"kind": "pictures"}).epochs == 400
    result = tinynet("train", tmp_path / "pictures", "--model", "dcgan", "--size", 10, "--out", tmp_path / "other")
    assert "pictures must have sides that are multiples of 4, got 10 × 10" in result.err
    assert "--size brings your own pictures to a size" in result.err


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("evaluate", "expected a generator with its discriminator, got the net Net of 6 layers"),
        ("explain", "expected a generator with its discriminator, got the net Net of 6 layers"),
        ("report", "the state does not fit this network; missing: generator.0.weight"),
        ("doctor", "the state does not fit this network; missing: generator.0.weight"),
    ],
)
def test_another_net_in_the_run_is_named(command, sentence, straight, tinynet, tmp_path):
    shutil.copytree(straight, tmp_path / "run")
    tn.save(tn.models.build("mlp", (1, 8, 8)), tmp_path / "run/model.safetensors")
    result = tinynet(command, tmp_path / "run")
    assert (result.status, sentence in result.err) == (2, True), result.err


def test_a_discriminator_that_sees_through_all_is_named():
    course = course_of({"drawn_taken_for_real": 0.01, "real_taken_for_real": 0.99})
    assert "tells nearly all of them apart" in str(course)
    assert course.advice
    assert not course_of({"drawn_taken_for_real": 0.4, "real_taken_for_real": 0.6}).advice


def test_a_pair_is_known_by_its_names():
    generator, discriminator = tn.models.dcgan((1, 8, 8), 3, 2)
    assert is_judged(tn.models.build("dcgan"))
    assert not is_judged(tn.net.Named({"first": generator, "second": discriminator}))
    assert not is_judged(generator)
