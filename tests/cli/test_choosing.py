"""What is taken where a user leaves it open: the model, the epochs, the batch size and the rate, by the data."""

import numpy as np
import pytest
from PIL import Image

from tinynet.cli import choosing
from tinynet.cli.choosing import choose
from tinynet.cli.own import Own
from tinynet.cli.rules import RULES, usual_rate


def chosen(*arguments, **options):
    found = choose(*arguments, **options)
    return found.model, found.epochs, found.batch_size, found.lr


@pytest.mark.parametrize(
    ("dataset", "model", "expected"),
    [
        ("digits", None, ("digits_cnn", 30, 64, 0.003)),
        ("mnist", None, ("mnist_cnn", 3, 128, 0.002)),
        ("fashion-mnist", None, ("mnist_cnn", 5, 128, 0.002)),
        ("cifar10", None, ("vgg11", 15, 128, 0.001)),
        ("dates", None, ("seq2seq", 20, 64, 0.003)),
        ("moons", None, ("mlp", 60, 32, 0.005)),
        ("mnist", "mlp", ("mlp", 5, 64, 0.002)),
        ("digits", "mlp", ("mlp", 30, 64, 0.003)),  # small data, and no other numbers for another model
        ("moons", "mlp", ("mlp", 60, 32, 0.005)),
        ("cifar10", "conv_autoencoder", ("conv_autoencoder", 15, 128, 0.003)),
        ("digits", "conv_autoencoder", ("conv_autoencoder", 30, 64, 0.003)),
        ("mnist", "dcgan", ("dcgan", 3, 64, 0.001)),
        ("cifar10", "dcgan", ("dcgan", 10, 64, 0.001)),
        ("digits", "dcgan", ("dcgan", 100, 64, 0.001)),
    ],
)
def test_what_is_left_open_follows_from_data_and_model(dataset, model, expected):
    assert chosen(dataset, model) == expected


def test_what_is_said_is_taken():
    said = choose("mnist", "mlp", 7, 0.25, 9, "sgd:momentum=0.5", 4, "vectorized", schedule="step", augment=["crop"],
                  early_stopping="patience=3", precision="float64")  # fmt: skip
    assert (said.model, said.epochs, said.lr, said.batch_size, said.optimizer) == (
        "mlp",
        7,
        0.25,
        9,
        "sgd:momentum=0.5",
    )
    assert (said.seed, said.kernels, said.schedule, said.augment) == (4, "plain", "step", ("crop",))
    assert (said.early_stopping, said.precision) == ("patience=3", "float64")


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("adam", 0.002),
        ("adamw", 0.002),
        ("nadam", 0.002),
        ("radam", 0.002),
        ("adamax", 0.004),
        ("rmsprop", 0.001),
        ("lion", 0.0006),
        ("sgd", 0.5),
        ("adagrad", 0.01),
        ("adadelta", 1.0),
        ("muon", 0.02),
    ],
)
def test_each_optimizer_has_its_rate_beside_that_of_adam_or_sgd(optimizer, rate):
    assert usual_rate(optimizer, adam=0.002, sgd=0.5) == pytest.approx(rate)


def test_every_optimizer_of_the_command_line_is_chosen_with_its_rate():
    for name in RULES:
        assert choose("digits", optimizer=name).lr == usual_rate(name, 0.003, 0.05)
    assert choose("cifar10", "conv_autoencoder", optimizer="sgd").lr == 0.5
    assert choose("mnist", "mlp", optimizer="sgd").lr == 0.05


def test_a_dcgan_has_the_betas_of_its_paper_only_for_adam():
    assert choose("digits", "dcgan").optimizer == "adam:betas=0.5/0.999"
    assert choose("digits", "dcgan", optimizer="adam:eps=1e-7").optimizer == "adam:betas=0.5/0.999,eps=1e-07"
    assert choose("digits", "dcgan", optimizer="sgd").optimizer == "sgd"
    assert choose("digits", "mlp").optimizer == "adam"
    assert (choose("digits", "dcgan").schedule, choose("digits").schedule) == ("constant", "cosine")


# Data of a user's own.


@pytest.mark.parametrize(
    ("size", "model"), [(64, "vgg11"), (32, "vgg11"), (31, "mnist_cnn"), (6, "mnist_cnn"), (5, "digits_cnn")]
)
def test_the_model_for_own_pictures_takes_their_size(size, model, tmp_path):
    assert choose(str(tmp_path), own=Own("pictures", size=size)).model == model
    (tmp_path / "a").mkdir()
    Image.fromarray(np.zeros((size, 40), np.uint8)).save(tmp_path / "a" / "a.png")
    assert choosing._fitting("vgg11", str(tmp_path), Own("table")) == "vgg11"
    assert choosing._fitting("vgg11", str(tmp_path), None) == "vgg11"


def test_own_pictures_tables_and_texts_have_their_recipes(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert chosen(str(tmp_path), own={"kind": "pictures", "size": 32}) == ("vgg11", 30, 32, 0.001)
    assert chosen("a.csv", own={"kind": "table"}) == ("mlp", 40, 32, 0.0005)
    assert chosen(str(tmp_path / "a.txt"), own={"kind": "text"}) == ("char_gpt", 20, 16, 0.002)
    assert chosen(str(tmp_path / "a.txt"), own={"kind": "pairs"}) == ("seq2seq", 100, 64, 0.003)
    assert chosen("a.csv", own={"kind": "table"}, optimizer="sgd")[3] == 0.02
    assert chosen(str(tmp_path / "a.txt"), epochs=5, own={"kind": "text"})[1] == 5


@pytest.mark.parametrize(
    ("characters", "window", "epochs"),
    [
        (16 * 64 * 40, None, 10),
        (16 * 64 * 40, 32, 5),
        (16 * 64 * 40, 16, 3),  # 2.5, and at least 3
        (16 * 64 * 1000, None, 3),
        (16 * 64, None, 20),
        (0, None, 20),
    ],
)
def test_a_text_is_read_so_often_that_there_are_400_steps(characters, window, epochs, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * characters)
    assert choosing._epochs_for(str(path), Own("text", window=window)) == epochs


@pytest.mark.parametrize(("lines", "epochs"), [(64 * 50, 40), (64 * 1000, 3), (64, 100), (0, 100)])
def test_pairs_are_read_so_often_that_there_are_2000_steps(lines, epochs, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\tb\n" * lines)
    assert choosing._epochs_for(str(path), Own("pairs")) == epochs


@pytest.mark.parametrize(("files", "epochs"), [((640, 640), 100), ((64,), 400), ((0,), 400), ((64 * 1000,), 3)])
def test_pictures_to_learn_drawing_from_are_seen_in_2000_steps(files, epochs, monkeypatch):
    monkeypatch.setattr(choosing.os, "walk", lambda place: [(place, [], range(number)) for number in files])
    assert choosing._epochs_of_drawing("photos", Own("pictures")) == epochs
    assert choosing._epochs_of_drawing("photos", Own("table")) == 100
    assert choosing._epochs_of_drawing("fashion-mnist", None) == 3


# Sizes.


def test_a_list_of_one_size_may_be_given_as_a_number():
    assert choose("digits", "mlp:hidden=8").sizes == {"hidden": (8,)}
    assert choose("digits", "vgg11:width=8").sizes == {"width": 8}
    assert choose("digits", "mlp", sizes={"hidden": [8, 4]}).sizes == {"hidden": (8, 4)}  # as a file holds it
    assert choose("digits", "mlp:hidden=8", sizes={"hidden": [4]}).sizes == {"hidden": (4,)}
    net = choose("digits", net="/a/my_net.py:small:width=8", net_sha256="x", sizes={"depth": [1]})
    assert (net.model, net.net, net.net_sha256) == ("my_net.py", "/a/my_net.py:small", "x")
    assert net.sizes == {"width": 8, "depth": (1,)}
    assert choosing.sizes_of("unet") == ["width", "depth"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: choose("digits", epochs=10**9 + 1),
            "--epochs must be at most 1,000,000,000, got a number of 10 digits.",
        ),
        (
            lambda: choose("digits", batch_size=10**12),
            "--batch-size must be at most 1,000,000,000, got a number of 13 digits.",
        ),
        (lambda: choose("digits", batch_size=0), "--batch-size must be at least 1, got 0."),
        (lambda: choose("digits", lr=0), "--lr must be greater than 0, got 0."),
        (lambda: choose("digits", seed=-1), "--seed must be at least 0, got -1."),
        (
            lambda: choose("digits", precision="float16"),
            "--precision must be one of 'float32', 'float64'; got 'float16'.\nHint: did you mean 'float64'?",
        ),
        (lambda: choose("digits", early_stopping=3), "--early-stopping must be a string, got 3."),
        (lambda: choose("digit"), "there is no data set called 'digit'.\nHint: did you mean digits?"),
        (
            lambda: choose("digits", "char_gpt"),
            "char_gpt learns from a text.\nHint: name one: tinynet train TEXT.txt --model char_gpt",
        ),
        (
            lambda: choose("a.txt", "mlp", 1, own=Own("text")),
            "mlp cannot read a text.\nHint: take --model char_gpt or char_lstm.",
        ),
        (
            lambda: choose("digits", "dcgan", schedule="plateau"),
            "--schedule plateau goes by the loss, but a low one of dcgan may only mean that its discriminator errs.\n"
            "Hint: look at what a run draws instead: tinynet draw RUN.",
        ),
        (
            lambda: choose("digits", "dcgan", early_stopping="3"),
            "--early-stopping goes by the loss, but a low one of dcgan may only mean that its discriminator errs.\n"
            "Hint: look at what a run draws instead: tinynet draw RUN.",
        ),
        (
            lambda: choose("digits", kernels="loop"),
            "there is no body of the kernels called 'loop'.\nHint: did you mean loops?",
        ),
    ],
)
def test_what_cannot_be_taken_is_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == f"tinynet: {sentence}"


def test_the_largest_count_is_a_thousand_million():
    assert choose("digits", epochs=10**9, batch_size=10**9).epochs == 10**9
