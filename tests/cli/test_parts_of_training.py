"""What a training is put together from, and what is asked of a net on data of each kind."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import adversaries, app, drawing, tasks, train, trained, training
from tinynet.cli.adversaries import AVERAGE, course_of, drawn_taken_for_real, judged, latent_of, real_taken_for_real
from tinynet.cli.nets import NetFile, Source
from tinynet.cli.output import INTERRUPTED
from tinynet.cli.own import Own
from tinynet.cli.own_data import Data
from tinynet.cli.settings import Settings
from tinynet.cli.settling import Settled
from tinynet.cli.trained import Trained, card_of
from tinynet.core import generator_states, seed
from tinynet.data import Dataset, dates, digits, line, moons
from tinynet.data.own.pair_file import PADDING, SIGNS
from tinynet.layers import Linear
from tinynet.learner import AverageWeights, Checkpoint, CSVLog, History, Statistics
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, mean_absolute_error, r2_score
from tinynet.models import build, evidence_loss
from tinynet.net import Net


def settings(**changed):
    usual = {"dataset": "moons", "model": "mlp", "epochs": 3, "lr": 0.25, "batch_size": 8, "optimizer": "sgd"}
    return Settings(**{**usual, "seed": 4, "kernels": "auto", "sizes": {"hidden": (4,)}, **changed})


def pictures(n=3, channels=1, classes=("a", "b"), truth=None):
    x = np.linspace(0, 1, n * channels * 64).reshape(n, channels, 8, 8).astype(np.float32)
    return Dataset(x, np.arange(n) % 2 if truth is None else truth, list(classes))


# What a model is asked for.


def test_a_picture_is_its_own_truth_and_its_ink_the_class_of_its_pixels():
    data = pictures()
    assert len(tasks.Itself(data)) == len(tasks.Ink(data)) == 3
    x, y = tasks.Itself(data)[:2]
    assert x is y
    ink = tasks.Ink(data)
    x, y = ink[:3]
    assert ink.classes == ("ground", "a", "b")
    np.testing.assert_array_equal(x, data[:3][0])
    np.testing.assert_array_equal(y, np.where(x[:, 0] > 0.5, np.array([1, 2, 1])[:, None, None], 0))
    exactly = Dataset(np.full((1, 1, 2, 2), 0.5, np.float32), np.array([0]), ["a"])
    assert not tasks.Ink(exactly)[:1][1].any()


@pytest.mark.parametrize(
    ("model", "data", "loss", "metrics"),
    [
        ("mlp", lambda: moons(9, rng=0), cross_entropy, [accuracy]),
        ("mlp", lambda: line(9), mean_squared_error, [r2_score]),
        ("my_net.py", lambda: moons(9, rng=0), cross_entropy, [accuracy]),
        ("vae", pictures, evidence_loss, []),
        ("conv_autoencoder", pictures, mean_squared_error, []),
        ("dcgan", pictures, binary_cross_entropy_with_logits, [drawn_taken_for_real]),
    ],
)
def test_the_loss_and_the_metrics_of_a_model(model, data, loss, metrics):
    assert tasks.loss_and_metrics(model, data()) == (loss, metrics)


def test_pixels_and_tokens_have_losses_of_their_own():
    loss, metrics = tasks.loss_and_metrics("unet", pictures())
    assert (loss.func, loss.keywords, metrics) == (cross_entropy, {"axis": 1}, [tasks.pixel_accuracy, tasks.overlap])
    loss, metrics = tasks.loss_and_metrics("seq2seq", dates(9, rng=0))
    assert (loss.func, loss.keywords) == (cross_entropy, {"ignore_index": PADDING})
    assert metrics == [tasks.token_accuracy, tasks.sequence_accuracy]


@pytest.mark.parametrize(
    ("model", "data", "sentence"),
    [
        ("mlp", lambda: dates(9, rng=0), "mlp cannot read pairs of texts.\nHint: take --model seq2seq."),
        (
            "seq2seq",
            pictures,
            "seq2seq learns from pairs of texts, one to read and one to write.\n"
            "Hint: tinynet train PAIRS.txt --model seq2seq, with a pair a line and a tab between; or train dates.",
        ),
        (
            "dcgan",
            lambda: moons(9, rng=0),
            "dcgan learns from pictures, but a sample of these data has the shape (2,).\n"
            "Hint: take digits, mnist, fashion-mnist, cifar10, or a folder of pictures.",
        ),
        (
            "unet",
            lambda: pictures(channels=3),
            "unet needs a class for each pixel, which only grey pictures with bright ink tell by themselves.\n"
            "Hint: take digits, mnist or fashion-mnist; a Learner trains unet on labels (N, H, W).",
        ),
        (
            "unet",
            lambda: pictures(classes=(), truth=np.zeros((3, 1))),
            "unet needs a class for each pixel, which only grey pictures with bright ink tell by themselves.\n"
            "Hint: take digits, mnist or fashion-mnist; a Learner trains unet on labels (N, H, W).",
        ),
    ],
)
def test_data_that_a_model_cannot_learn_from(model, data, sentence):
    with pytest.raises(ValueError, match=model) as caught:
        tasks.check_task(model, data())
    assert str(caught.value) == f"tinynet: {sentence}"


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("mlp", pictures),
        ("mlp", lambda: moons(9, rng=0)),
        ("vae", pictures),
        ("unet", pictures),
        ("dcgan", pictures),
        ("vae", lambda: pictures(channels=3)),
        ("seq2seq", lambda: dates(9, rng=0)),
        ("my_net.py", lambda: dates(9, rng=0)),
        ("my_net.py", lambda: moons(9, rng=0)),
    ],
)
def test_data_that_a_model_can_learn_from(model, data):
    tasks.check_task(model, data())


def test_what_goes_in_and_how_much_comes_out():
    assert tasks.input_shape_of(dates(9, rng=0)) == (19, 11)
    assert tasks.input_shape_of(pictures(channels=3)) == (3, 8, 8)
    assert (
        tasks.n_outputs("mlp", pictures()),
        tasks.n_outputs("unet", pictures()),
        tasks.n_outputs("mlp", line(9)),
    ) == (2, 3, 1)
    assert tasks.reads_pairs("seq2seq", ())
    assert tasks.reads_pairs("my_net.py", (*SIGNS, "a"))
    assert not tasks.reads_pairs("my_net.py", ("a", *SIGNS))
    assert tasks.inputs_of(None, "my_net.py", (*SIGNS, "a"), (9, 8)) == [(9,), (8,)]
    dcgan = build("dcgan", (1, 8, 8), latent=5, width=2)
    assert tasks.inputs_of(dcgan, "dcgan", (), (1, 8, 8)) == (5,)
    data = pictures()
    assert tasks.for_model("mlp", data, None) is data
    assert [type(tasks.for_model(model, data, None)) for model in ("vae", "conv_autoencoder", "unet")] == [
        tasks.Itself,
        tasks.Itself,
        tasks.Ink,
    ]
    x, y = tasks.for_model("dcgan", data, dcgan)[:3]
    assert (x.shape, y.shape, (y == 1).all()) == ((3, 5), (3, 1), True)


def test_a_text_is_right_where_each_of_its_tokens_is():
    truth = np.array([[3, 4, 2], [3, 2, PADDING]])
    predicted = np.eye(5)[[[3, 4, 2], [3, 4, 4]]]
    share = tasks.sequence_accuracy(predicted, truth)
    assert (float(share), tasks.sequence_accuracy(np.eye(5)[[[3, 4, 2], [3, 2, 1]]], truth)) == (0.5, 1.0)


# A generator and its discriminator.


def test_a_pair_is_trained_with_two_optimizers_and_averaged_weights():
    net = build("dcgan", (1, 8, 8), latent=5, width=2)
    data = pictures(17)
    learner = adversaries.adversarial_learner(settings(model="dcgan", sizes={}, schedule="linear"), net, data, [])
    assert (learner.optimizer.lr(0), learner.discriminator_optimizer.lr(0)) == (0.25, pytest.approx(0.05))
    assert learner.optimizer.lr(9) == learner.discriminator_optimizer.lr(9) == 0  # 3 epochs of 3 batches
    assert (learner.batch_size, list(learner.metrics), learner.valid) == (8, ["drawn_taken_for_real"], None)
    (average,) = learner.callbacks
    assert (type(average), average.decay) == (AverageWeights, AVERAGE)
    assert learner.net is net[0]
    assert learner.latent == latent_of(net) == 5
    assert len(judged(net, data)) == 17
    assert adversaries.net_of(learner).names == ("generator", "discriminator")


def test_what_the_discriminator_takes_for_real():
    assert drawn_taken_for_real(np.array([[1.0], [0.0], [-1.0], [2.0]]), None) == 0.5
    asked = []

    class Discriminator:
        def predict(self, x):
            asked.append(x.shape)
            return np.array([[1.0], [0.0], [-1.0]])

    assert real_taken_for_real([None, Discriminator()], pictures()) == pytest.approx(1 / 3)
    assert asked == [(3, 1, 8, 8)]


@pytest.mark.parametrize(
    ("drawn", "real", "apart"), [(0.01, 0.99, True), (0.05, 0.95, False), (0.0, 0.9, False), (0.99, 0.01, False)]
)
def test_a_course_in_words(drawn, real, apart):
    course = course_of({"drawn_taken_for_real": drawn, "real_taken_for_real": real})
    words = (
        f"Of pictures that neither net has learned from, the discriminator takes {100 * real:.0f} % of the real ones "
        f"for real, and {100 * drawn:.0f} % of those drawn."
    )
    more = " It tells nearly all of them apart, so the generator learns little from it."
    assert course.sentences == (words + (more if apart else ""),)
    assert course.advice == ("Train for more epochs, or with another learning rate." if apart else "")
    assert course.kind == "unknown"


def test_a_net_that_is_no_pair_is_named():
    with pytest.raises(ValueError, match="expected a generator") as caught:
        latent_of(Net([Linear(3, 2), Linear(2, 1)]))
    assert str(caught.value) == (
        "tinynet: expected a generator with its discriminator, got the net Net of 2 layers.\n"
        "Hint: train again: the file of the run is not the one that was written."
    )


def test_drawn_pictures_follow_from_the_noise_of_a_seed():
    net = build("dcgan", (1, 8, 8), latent=5, width=2)
    noise = tn.models.noise(4, 5, np.random.default_rng(7))
    np.testing.assert_array_equal(drawing.drawn(net, 4, 7), net[0].predict(noise))
    vae = build("vae", (1, 8, 8), latent=3, hidden=8)
    noise = tn.models.noise(4, 3, np.random.default_rng(7))
    logits = vae[0].decoder.predict(noise)
    np.testing.assert_allclose(drawing.drawn(vae, 4, 7), 1 / (1 + np.exp(-logits)), rtol=1e-5)
    assert [drawing.can_draw(each) for each in (net, vae, build("mlp"))] == [True, True, False]


# The learner.


def test_a_learner_is_put_together_from_settings_and_data():
    data = moons(100, rng=0)
    learner = training.make_learner(settings(schedule="linear", early_stopping="5"), data)
    assert (len(learner.train), len(learner.valid), learner.batch_size) == (90, 10, 8)
    assert (learner.loss, learner.metrics) == (cross_entropy, {"accuracy": accuracy})
    assert learner.optimizer.lr(36) == 0  # 3 epochs of 12 batches
    seed(4)
    fresh = build("mlp", (2,), 2, hidden=(4,))
    rest, valid = data.split(0.1)
    np.testing.assert_array_equal(learner.net[1].weight.tensor, fresh[1].weight.tensor)
    np.testing.assert_array_equal(learner.valid[:][0], valid[:][0])
    np.testing.assert_array_equal(learner.train[:][0], rest[:][0])
    with pytest.raises(ValueError, match="valid_f1"):
        training.make_learner(settings(early_stopping="patience=3,monitor=valid_f1"), data)


def test_a_run_is_opened_as_it_was_at_its_end():
    data = moons(50, rng=0)
    net = training.make_learner(settings(), data).net
    first = {path: array.copy() for path, array in net.state().items()}
    for parameter in net.parameters().values():
        parameter.tensor += 1
    history = History()
    for epoch in (1, 2):
        history.append({"epoch": epoch, "loss": 0.5})
    learner = training.reopened(settings(), net, history, data)
    assert (learner.epoch, learner.history) == (2, history)
    for path, array in learner.net.state().items():
        np.testing.assert_array_equal(array, net.state()[path])
        np.testing.assert_array_equal(learner.record.first_weights[path], first[path])


def test_the_net_before_training_leaves_the_random_streams():
    seed(9)
    before = generator_states()
    net = training.initial_net(settings(), (2,), 2)
    assert generator_states() == before
    np.testing.assert_array_equal(
        net[1].weight.tensor, training.make_learner(settings(), moons(50, rng=0)).net[1].weight.tensor
    )
    assert training.initial_net(settings(net="/a/b.py", model="b.py"), (2,), 2) is None
    pixels = training.initial_net(settings(model="unet", sizes={"width": 2}), (1, 16, 16), 3)
    assert pixels.predict(np.zeros((1, 1, 16, 16), np.float32)).shape == (1, 4, 16, 16)


def test_a_net_is_made_in_its_precision():
    assert training.new_net(settings(), (2,), 2).dtype == np.float32
    wide = training.new_net(settings(precision="float64"), (2,), 3)
    assert (wide.dtype, wide[-1].out_features) == (np.float64, 3)
    with pytest.raises(ValueError, match="the net comes from") as caught:
        training.new_net(settings(model="b.py", net="/a/b.py:f"), (2,), 2)
    assert str(caught.value) == "tinynet: b.py on moons: the net comes from /a/b.py:f.\nHint: add --net /a/b.py:f."


def test_numbers_are_tested_in_their_own_units():
    data = line(9)
    net = Net([Linear(1, 1)])
    plain = training.results_of("mlp", net, data)
    assert list(plain) == ["loss", "r2_score", "mean_absolute_error"]
    assert all(type(value) is float for value in plain.values())
    x, y = data[:]
    assert plain["mean_absolute_error"] == pytest.approx(mean_absolute_error(net.predict(x), y), rel=1e-5)
    preparation = SimpleNamespace(target=SimpleNamespace(std=10.0))
    told = training.results_of("mlp", net, data, preparation)
    assert told == {**plain, "mean_absolute_error": pytest.approx(10 * plain["mean_absolute_error"])}
    net[0].weight.tensor[...] = np.inf  # no warning, though all is beyond numbers
    assert not np.isfinite(training.results_of("mlp", net, data)["loss"])


# What a run folder is written by.


def test_what_is_written_while_a_run_goes_on(tmp_path):
    log, statistics, checkpoint = train._writers(tmp_path, "tinynet train --resume here")
    assert (type(log), type(statistics), type(checkpoint)) == (CSVLog, Statistics, Checkpoint)
    assert log.path == tmp_path / "history.csv"
    assert statistics.path == tmp_path / "statistics.safetensors"
    assert (checkpoint.folder, checkpoint.go_on) == (tmp_path / "checkpoints", "tinynet train --resume here")
    assert train.EVERY == ("epoch", "minute")


def own_net(path="/a/my net.py"):
    return NetFile(Source(tn.core.checks.path("test", path), "f", {}), b"", lambda: None, ())


def test_how_a_run_is_gone_on_with(tmp_path, capsys):
    assert train._net_option(None) == ""
    assert train._net_option(own_net()) == " --net '/a/my net.py'"
    learner = SimpleNamespace(stop_reason="")
    train._end(learner, tmp_path, own_net())
    assert capsys.readouterr().out == (
        f"written to {tmp_path}: look at report.html, or go on with: tinynet evaluate {tmp_path} --net '/a/my net.py'\n"
    )
    learner.stop_reason = "Ctrl-C"
    with pytest.raises(app.typer.Exit) as ended:
        train._end(learner, tmp_path, None)
    assert ended.value.exit_code == INTERRUPTED == 130


def test_what_takes_long_is_told_before_a_training_and_a_test(monkeypatch, tmp_path, run, tinynet):
    asked = []
    data = moons(50, rng=0)
    monkeypatch.setattr(train, "read", lambda _: Data(data, data))
    monkeypatch.setattr(train, "_train", lambda *_: None)
    monkeypatch.setattr(train, "_end", lambda *_: None)
    monkeypatch.setattr(train, "warn_of_loops", lambda net, *told: asked.append(told))
    assert train.begin(Settled(settings(), None), tmp_path / "run") == tmp_path / "run"
    assert asked == [((2,), 3 * 45, 3 * 5 + 50)]
    monkeypatch.setattr(app, "warn_of_loops", lambda net, *told: asked.append(told))
    assert tinynet("evaluate", run).status == 0
    assert asked[1:] == [((1, 8, 8), 0, 360)]


def test_the_card_of_a_run():
    names = ("model", "input_shape", "classes", "data_source", "seed", "epochs", "optimizer", "lr", "batch_size")
    config = {name: name.upper() for name in names} | {"dataset": "digits", "own": None, "kernels": "auto"}
    card = card_of(config, {"loss": 0.5})
    assert card == {"data": "digits", "results": {"loss": 0.5}} | {name: name.upper() for name in names}
    own = config | {"dataset": "/home/ada/my table.csv", "own": {"kind": "table"}}
    assert card_of(own, {})["data"] == "own table: my-table"
    del config["own"]
    assert card_of(config, {})["data"] == "digits"


# What a net is tested on.


class Preparation:
    """It reads what it is given, and keeps the test part."""

    source = "somewhere else"

    def dataset(self, path):
        return SimpleNamespace(source=self.source, path=path)

    def parts(self, path, skip_broken=None):
        return "train", ("test", path, skip_broken)


def opened(**changed):
    usual = {"place": "run", "net": None, "dataset": "moons", "model": "mlp", "input_shape": (2,), "classes": ["a"]}
    return Trained(**{**usual, "kernels": "plain", **changed})


def test_a_net_is_tested_on_its_own_test_part_or_on_all_of_other_data(tmp_path):
    assert len(trained.test_data(opened())) == 300
    (tmp_path / "a.csv").write_text("")
    own = Own("table", skip_broken=True)
    mine = opened(dataset=str(tmp_path / "a.csv"), own=own, preparation=Preparation(), data_source="here")
    assert trained.test_data(mine) == ("test", str(tmp_path / "a.csv"), True)
    other = trained.test_data(mine._replace(tested_on="there"))
    assert (other.source, other.path) == ("somewhere else", "there")
    moved = mine._replace(tested_on="there", data_source="somewhere else")
    assert trained.test_data(moved) == ("test", "there", None)
    with pytest.raises(ValueError, match="cannot be prepared") as caught:
        trained.test_data(opened(tested_on="b.csv"))
    assert str(caught.value) == "tinynet: this net was trained on moons, so b.csv cannot be prepared for it."


def test_pictures_of_ones_own_are_brought_to_the_form_of_a_data_set(tmp_path, monkeypatch):
    asked = []

    class Pictures(Preparation):
        def __init__(self, input_shape, classes):
            asked.append((input_shape, classes))

    monkeypatch.setattr(trained, "PicturePreparation", Pictures)
    found = trained.test_data(opened(input_shape=(1, 8, 8), classes=["a", "b"], tested_on="there"))
    assert (found.path, asked) == ("there", [((1, 8, 8), ["a", "b"])])


def test_the_kernels_of_a_net_are_used_where_none_are_asked_for():
    assert (opened().used_kernels(None), opened().used_kernels("loops")) == ("plain", "loops")
    with pytest.raises(ValueError, match="called 'loup'"):
        opened().used_kernels("loup")


def test_a_file_alone_is_opened_by_its_card(tmp_path):
    path = tmp_path / "net.safetensors"
    card = {"data": "moons", "input_shape": [2], "classes": ["a", 1], "model": "nobody knows it"}
    tn.save(Linear(2, 2), path, card=card)
    found = trained.trained(path)
    assert (found.place, found.dataset, found.model, found.input_shape, found.classes, found.kernels) == (
        path,
        "moons",
        "mlp",
        (2,),
        ["a", "1"],
        "auto",
    )
    assert (type(found.net), len(found.net), found.preparation, found.own) == (Net, 1, None, None)
    net = build("mlp", (2,), 2, hidden=(4,))
    tn.save(net, path, card=card | {"model": "resnet20"})
    found = trained.trained(path)
    assert (found.model, len(found.net)) == ("resnet20", len(net))
    for name, expected in (("input_shape", "a list of sizes"), ("classes", "a list of names")):
        tn.save(net, path, card={key: value for key, value in card.items() if key != name})
        with pytest.raises(ValueError, match="is of no use") as caught:
            trained.trained(path)
        assert str(caught.value) == (
            f"tinynet: the card of {path} is of no use: {name} must be {expected}.\nHint: add --on DATASET."
        )
    tn.save(net, path, card=card | {"data": "own table: a"})
    with pytest.raises(ValueError, match="does not tell") as caught:
        trained.trained(path)
    assert str(caught.value) == (
        f"tinynet: the card of {path} does not tell what its net learned from.\n"
        "Hint: add it, as in --on digits; after own data, name the folder of the run, which has their preparation."
    )


def test_a_run_on_other_data(run, tmp_path):
    found = trained.trained(run, "moons")
    assert (found.dataset, found.own, found.input_shape, found.tested_on) == ("moons", None, (2,), None)
    assert found.classes == list(moons(9, rng=0).classes)
    assert trained.trained(run, str(tmp_path)).tested_on == tmp_path
    assert trained.trained(run / "config.json").place == run
    same = trained.trained(run)
    assert (same.dataset, same.model, same.kernels, same.data_source) == (
        "digits",
        "mlp",
        "auto",
        json.loads((run / "config.json").read_text())["data_source"],
    )
    assert digits()[0].source == same.data_source
