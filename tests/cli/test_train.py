"""tinynet train and evaluate: what a run folder holds, and that it can be repeated."""

import json
import os
import shlex
import shutil
import signal

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import app, train
from tinynet.cli.choosing import choose
from tinynet.cli.runs import open_run
from tinynet.cli.show import results_line
from tinynet.data import digits
from tinynet.learner import Callback, History, Learner


def test_a_run_folder_holds_all_of_the_run(run):
    assert sorted(path.name for path in run.iterdir()) == [
        "checkpoints",
        "config.json",
        "history.csv",
        "model.safetensors",
        "report.html",
        "statistics.safetensors",
    ]
    config = json.loads((run / "config.json").read_text())
    assert (config["dataset"], config["model"], config["epochs"], config["seed"]) == ("digits", "mlp", 2, 0)
    assert config["versions"]["numpy"] == np.__version__
    assert config["input_shape"] == [1, 8, 8]
    assert config["classes"] == list("0123456789")
    history = History.read_csv(run / "history.csv")
    assert history["epoch"] == [1, 2]
    assert history.names() == ["epoch", "loss", "accuracy", "lr", "seconds", "valid_loss", "valid_accuracy"]
    assert (run / "report.html").read_text(encoding="utf-8").lstrip().startswith("<!DOCTYPE html>")
    statistics = open_run(run).statistics()
    assert statistics.settings == {"detail": "economy", "every": 50, "batches_per_epoch": 21}
    assert list(statistics.layers.values()) == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_a_run_from_before_statistics_were_kept_has_none(run, tmp_path):
    shutil.copy(run / "config.json", tmp_path)
    assert open_run(tmp_path).statistics() is None


def test_the_net_is_the_one_that_was_tested(run):
    _, test = digits()
    net = tn.load(run / "model.safetensors")
    config = json.loads((run / "config.json").read_text())
    assert np.mean(net.predict(test.x).argmax(-1) == test.y) == pytest.approx(config["test"]["accuracy"])
    assert config["test"]["accuracy"] > 0.8


def test_evaluate_says_what_training_said(run, tinynet):
    config = json.loads((run / "config.json").read_text())
    result = tinynet("evaluate", run)
    assert result.status == 0
    assert result.out == (
        f"test accuracy {config['test']['accuracy']:.2%}, loss {config['test']['loss']:.4f} (360 samples)\n"
    )
    assert tinynet("evaluate", run / "model.safetensors").out == result.out  # a file of the run means the run


def test_the_noted_command_repeats_the_run_bit_by_bit(run, tinynet, tmp_path, monkeypatch):
    words = shlex.split(json.loads((run / "config.json").read_text())["command"])
    words[words.index("--out") + 1] = str(tmp_path / "again")
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    assert tinynet(*words[1:]).status == 0
    before, again = tn.load(run / "model.safetensors").state(), tn.load(tmp_path / "again/model.safetensors").state()
    assert all(np.array_equal(before[path], again[path]) for path in before)


def test_another_seed_gives_another_net(run, tinynet, tmp_path, monkeypatch):
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    tinynet("train", "digits", "--model", "mlp", "--epochs", 1, "--seed", 1, "--out", tmp_path / "other")
    assert not np.array_equal(
        tn.load(run / "model.safetensors").state()["1.weight"],
        tn.load(tmp_path / "other/model.safetensors").state()["1.weight"],
    )


def test_an_existing_run_is_not_overwritten_unasked(run, tinynet, tmp_path, monkeypatch):
    folder = shutil.copytree(run, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = tinynet("train", "digits", "--model", "mlp", "--epochs", 1, "--out", folder)
    assert result.status == 2
    assert "there is a run in" in result.err
    assert "add --force" in result.err
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    (folder / "notes.txt").write_text("mine")
    assert tinynet("train", "digits", "--model", "mlp", "--epochs", 1, "--out", folder, "--force").status == 0
    assert len(History.read_csv(folder / "history.csv")) == 1
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "report.html").exists()  # that of the run before would be a lie


def test_a_bad_value_destroys_no_run_even_with_force(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert tinynet("train", "spirals", "--model", "vgg11", "--out", folder, "--force").status == 2
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_without_out_the_runs_are_numbered(tinynet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    for _ in range(2):
        assert tinynet("train", "moons", "--epochs", 1).status == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["moons-mlp-1", "moons-mlp-2"]


def test_points_of_the_plane_are_learned(tinynet, tmp_path):
    result = tinynet("train", "spirals", "--epochs", 30, "--out", tmp_path / "run")
    assert result.status == 0
    assert json.loads((tmp_path / "run/config.json").read_text())["test"]["accuracy"] > 0.9


def test_an_autoencoder_learns_without_labels(tinynet, tmp_path):
    words = ("train", "digits", "--model", "conv_autoencoder", "--epochs", 3, "--out", tmp_path / "run")
    result = tinynet(*words)
    assert result.status == 0
    assert "test loss 0.0" in result.out
    assert "accuracy" not in result.out
    assert "accuracy" not in History.read_csv(tmp_path / "run/history.csv").names()


def test_sgd_learns_too(tinynet, tmp_path, monkeypatch):
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    words = ("train", "digits", "--model", "mlp", "--epochs", 3, "--optimizer", "sgd", "--out", tmp_path / "run")
    assert tinynet(*words).status == 0
    assert json.loads((tmp_path / "run/config.json").read_text())["test"]["accuracy"] > 0.9


def test_ctrl_c_ends_training_and_keeps_the_run(tinynet, tmp_path, monkeypatch):
    class Press(Callback):
        def on_batch_begin(self, learner: Learner, index: int) -> None:
            if len(learner.history) == 1 and index == 3:
                os.kill(os.getpid(), signal.SIGINT)

    make = app.training.make_learner
    monkeypatch.setattr(app.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, Press()], *m))
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    result = tinynet("train", "digits", "--model", "mlp", "--epochs", 9, "--out", tmp_path / "run")
    assert result.status == 130
    assert "stopped after epoch 2: Ctrl-C" in result.out
    assert len(History.read_csv(tmp_path / "run/history.csv")) == 2
    assert json.loads((tmp_path / "run/config.json").read_text())["epochs_done"] == 2
    assert tinynet("evaluate", tmp_path / "run").status == 0


def test_ctrl_c_elsewhere_says_so(tinynet, monkeypatch):
    def press(name: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(train, "read", press)
    result = tinynet("train", "digits", "--out", "never-made")
    assert (result.status, result.err) == (130, "tinynet: interrupted.\n")


def test_a_loss_that_is_not_finite_is_one_sentence(tinynet, tmp_path):
    words = ("train", "digits", "--model", "mlp", "--epochs", 3, "--lr", 1e30, "--out", tmp_path / "run")
    result = tinynet(*words)
    assert result.status == 1
    assert "lower the learning rate" in result.err
    assert "Traceback" not in result.err


def test_defaults_depend_on_data_and_model():
    assert choose("digits").model == "digits_cnn"
    assert choose("mnist").model == "mnist_cnn"
    assert choose("cifar10").model == "vgg11"
    assert choose("moons").model == "mlp"
    assert choose("mnist", "mlp").epochs == 5
    assert choose("mnist").epochs == 3
    assert choose("digits", optimizer="sgd").lr != choose("digits").lr
    assert choose("digits", lr=0.5).lr == 0.5


def test_the_learning_rate_rises_and_falls():
    optimizer = choose("digits", epochs=10, lr=2.0, batch_size=10).make_optimizer(n_samples=95)  # 100 steps
    rates = [optimizer.lr(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[50] == pytest.approx(1.0)
    assert rates[100] == pytest.approx(0.0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_numbers_of_a_test_fit_a_line_whatever_their_size():
    results = {"accuracy": 0.5, "loss": 1e-6, "mean_absolute_error": 1234567.0, "r2_score": -1e300}
    expected = "test accuracy 50.00%, loss 0.0000, mean_absolute_error 1,234,567, r2_score -1e+300 (7 samples)"
    assert results_line(results, 7) == expected
