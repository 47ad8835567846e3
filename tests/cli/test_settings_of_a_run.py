"""Names with options, optimizers and schedules, the settings in words, and what a search may change."""

import math
from pathlib import Path

import numpy as np
import pytest

from tinynet.cli.augmenting import augmentation, augmented
from tinynet.cli.choosing import choose
from tinynet.cli.named import check_options, named, options_of, options_text
from tinynet.cli.nets import NetFile, Source
from tinynet.cli.own import Own
from tinynet.cli.rules import (
    SCHEDULES,
    make_rule,
    make_schedule,
    optimizer_named,
    plateau_of,
    schedule_named,
    stopping_of,
)
from tinynet.cli.search_space import BATCHES, Dimension, applied, dimension, dimensions
from tinynet.cli.settings import Settings, how, learns, patience_of, usual_of
from tinynet.cli.settling import Settled
from tinynet.data import Dataset, digits
from tinynet.learner import EarlyStopping, KeepBest, ReduceOnPlateau
from tinynet.optimizers import AdamW, CosineAnnealingLR, LinearWarmup, Muon, OneCycleLR

# Names with options.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("+5", 5),
        ("-3", -3),
        ("5.", 5.0),
        (".5", 0.5),
        ("1e5", 1e5),
        ("1E-5", 1e-5),
        ("-2.5e+3", -2500.0),
        ("true", True),
        ("False", False),
        ("NONE", None),
        ("nan", "nan"),
        ("inf", "inf"),
        ("0x10", "0x10"),
        ("max", "max"),
        ("1e", "1e"),
        ("64/32", (64, 32)),
        ("64/", (64,)),
        ("a/true/.5", ("a", True, 0.5)),
    ],
)
def test_a_value_is_read(text, value):
    found = options_of("", f" my-name = {text} ")["my_name"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"a": (8,), "b": [4, 2], "c": ()}, "a=8/,b=4/2,c=/"),
        ({"a": True, "b": False, "c": None}, "a=true,b=false,c=none"),
        ({"a": "Max", "b": 0.5, "c": 3}, "a=Max,b=0.5,c=3"),
    ],
)
def test_options_are_written(options, text):
    assert options_text(options) == text


def test_a_name_alone_has_no_options():
    found = named("model", " mlp ", ["mlp", "vgg11"])
    assert (found, str(found)) == (("mlp", {}), "mlp")
    assert str(named("model", "vgg11:width=8", ["vgg11"])) == "vgg11:width=8"


EXAMPLE = "\nHint: write --search lr=0.0001..0.1 or --search width=8,16,32."


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: named("model", 3, ["mlp"]), "the model must be a string, got 3."),
        (
            lambda: named("model", "mlp: ", ["mlp"]),
            "nothing follows the colon in 'mlp: '.\nHint: write mlp, or mlp:OPTION=VALUE.",
        ),
        (lambda: named("model", "MLQ", ["mlp", "vgg11"]), "there is no model called 'MLQ'.\nHint: did you mean mlp?"),
        (
            lambda: named("model", "zzz", ["mlp", "vgg11"]),
            "there is no model called 'zzz'.\nHint: there are mlp, vgg11.",
        ),
        (
            lambda: options_of("sgd:a=1,b", "a=1, b "),
            "'b' in 'sgd:a=1,b' is no option with a value.\n"
            "Hint: parts are OPTION=VALUE, with commas between them and strokes in a list, as in hidden=64/32.",
        ),
        (
            lambda: options_of("a=", "a="),
            "'a=' in 'a=' is no option with a value.\n"
            "Hint: parts are OPTION=VALUE, with commas between them and strokes in a list, as in hidden=64/32.",
        ),
        (lambda: options_of("a=1,a=2", "a=1,a=2"), "a stands twice in 'a=1,a=2'.\nHint: give it once."),
        (lambda: check_options("sgd", {"lr": 1}, []), "sgd has no option 'lr'.\nHint: it takes none."),
        (lambda: check_options("sgd", {"zz": 1}, ["a", "b"]), "sgd has no option 'zz'.\nHint: it takes a, b."),
        (
            lambda: check_options("sgd", {"momentm": 1}, ["momentum"]),
            "sgd has no option 'momentm'.\nHint: did you mean momentum?",
        ),
        (
            lambda: schedule_named("multistep"),
            "multistep needs to know after which epochs the rate falls.\n"
            "Hint: write --schedule multistep:milestones=10/20.",
        ),
        (
            lambda: schedule_named("constant:warmup=1"),
            "warmup must be a share of the steps, at least 0 and below 1, got 1.\n"
            "Hint: 0.1 lets the rate rise during the first tenth.",
        ),
        (
            lambda: schedule_named("constant:warmup=true"),
            "warmup must be a share of the steps, at least 0 and below 1, got True.\n"
            "Hint: 0.1 lets the rate rise during the first tenth.",
        ),
        (
            lambda: patience_of("soon"),
            "--early-stopping must be a number of epochs, got 'soon'.\n"
            "Hint: write --early-stopping 5, or --early-stopping patience=5,monitor=valid_accuracy.",
        ),
        (
            lambda: stopping_of({"patience": 2, "wait": 1}),
            "--early-stopping has no option 'wait'.\nHint: it takes patience, monitor, min_delta, mode.",
        ),
        (
            lambda: augmented(Dataset(np.zeros((2, 3)), np.array([0, 1])), ["flip"]),
            "--augment is for pictures, but a sample of these data has the shape (3,).\nHint: leave it out.",
        ),
        (
            lambda: augmentation("flip:padding=2"),
            "flip has no option 'padding'.\nHint: it takes p.",
        ),
        (lambda: dimension("=1,2"), "'=1,2' does not say what is sought." + EXAMPLE),
        (lambda: dimension("lr"), "'lr' does not say what is sought." + EXAMPLE),
        (lambda: dimension("lr="), "'lr=' does not say what is sought." + EXAMPLE),
        (lambda: dimension("lr=..3"), "the ends of 'lr=..3' must be numbers." + EXAMPLE),
        (lambda: dimension("lr=true..3"), "the ends of 'lr=true..3' must be numbers." + EXAMPLE),
        (lambda: dimension("lr=1..true"), "the ends of 'lr=1..true' must be numbers." + EXAMPLE),
        (lambda: dimension("lr=1..1"), "the range 'lr=1..1' must go from a lower to a higher number." + EXAMPLE),
        (lambda: dimension("lr=1,1"), "'lr=1,1' leaves no choice." + EXAMPLE),
        (lambda: dimension("lr=1,"), "'lr=1,' leaves no choice." + EXAMPLE),
    ],
)
def test_what_cannot_be_read_is_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == f"tinynet: {sentence}"


# Optimizers and schedules.


def test_muon_has_an_adamw_beside_it_with_a_tenth_of_its_rate():
    plain = make_rule(optimizer_named("muon:momentum=0.8,gradient_accumulation_steps=2,clip_value=3"), 0.5)
    rest, muon = plain.rules[0], plain.rules[1]
    assert (type(rest), rest.lr, type(muon), muon.lr, muon.momentum) == (AdamW, 0.05, Muon, 0.5, 0.8)
    assert (plain.gradient_accumulation_steps, plain.clip_value, plain.clip_norm) == (2, 3, None)
    planned = make_rule(optimizer_named("muon"), lambda step: 2.0 * step)
    assert [planned.rules[0].lr(step) for step in (0, 1, 3)] == pytest.approx([0.0, 0.2, 0.6])
    assert planned.rules[1].lr(3) == 6.0


def test_the_options_of_an_optimizer_go_before_those_of_the_command_line():
    assert make_rule(optimizer_named("sgd"), 0.25).lr == 0.25
    assert (
        make_rule(optimizer_named("sgd"), 0.1).momentum,
        make_rule(optimizer_named("sgd:momentum=0.5"), 1).momentum,
    ) == (0.9, 0.5)
    with pytest.raises(ValueError, match="^tinynet: adam has no option 'lr'"):
        optimizer_named("adam:lr=1")


def rates(text, at, n_steps=100, per_epoch=10):
    rate = make_schedule(schedule_named(text), 2.0, n_steps, per_epoch)
    return [rate(step) for step in at]


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("cosine:warmup=0", [0, 50, 100], [2, 1, 0]),
        ("cosine", [0, 9], [0.2, 1 + math.cos(math.pi * 9 / 100)]),
        ("linear", [0, 25, 50, 100], [2, 1.5, 1, 0]),
        ("polynomial", [0, 50, 100], [2, 0.5, 0]),
        ("step", [0, 99], [2, 2]),
        ("step:step_size=2,gamma=0.5", [19, 20, 40], [2, 1, 0.5]),
        ("step:step_size=1.5,gamma=0.5", [14, 15, 30], [2, 1, 0.5]),
        ("multistep:milestones=2/5,gamma=0.5", [19, 20, 50], [2, 1, 0.5]),
        ("multistep:milestones=2.5,gamma=0.5", [24, 25], [2, 1]),
        ("exponential", [0, 10, 20], [2, 1.9, 1.805]),
        ("exponential:gamma=0.5", [0, 10, 5], [2, 1, 2 * 0.5**0.5]),
        ("cyclic", [0, 10, 20, 30, 40], [0, 1, 2, 1, 0]),
        ("cyclic:step_size_up=1,step_size_down=3", [10, 25, 40], [2, 1, 0]),
        ("restarts", [0, 50, 100], [2, 1, 2]),
        ("restarts:T_0=2", [0, 10, 20], [2, 1, 2]),
        ("constant:warmup=0.05", [0, 4], [0.4, 2]),
        ("constant:warmup=0.001", [0], [2]),  # at least one step
    ],
)
def test_a_schedule_counts_in_epochs(text, at, expected):
    assert rates(text, at) == pytest.approx(expected)


def test_what_stays_is_a_number_and_what_goes_a_schedule():
    assert make_schedule(schedule_named("constant"), 2.0, 100, 10) == 2.0
    assert make_schedule(schedule_named("plateau:patience=3"), 2.0, 100, 10) == 2.0
    assert type(make_schedule(schedule_named("onecycle"), 2.0, 100, 10)) is OneCycleLR
    assert type(make_schedule(schedule_named("cosine:warmup=0"), 2.0, 100, 10)) is CosineAnnealingLR
    assert type(make_schedule(schedule_named("cosine"), 2.0, 100, 10)) is LinearWarmup
    assert all(schedule_named(f"{name}:milestones=1" if name == "multistep" else name) for name in SCHEDULES)


@pytest.mark.parametrize("option", ["scale_fn=3", "scale_mode=cycle", "max_lr=1", "lr=1"])
def test_what_the_command_line_tells_a_schedule_by_itself_cannot_be_given(option):
    with pytest.raises(ValueError, match=f"cyclic has no option '{option.partition('=')[0]}'"):
        schedule_named(f"cyclic:{option}")


def test_plateau_takes_no_warmup_and_is_a_callback():
    with pytest.raises(ValueError, match="plateau has no option 'warmup'"):
        schedule_named("plateau:warmup=0.1")
    (callback,) = plateau_of(schedule_named("plateau:patience=7,factor=0.5"))
    assert (type(callback), callback.patience, callback.factor) == (ReduceOnPlateau, 7, 0.5)
    assert plateau_of(schedule_named("constant")) == []


def test_early_stopping_keeps_the_best_by_the_same_number():
    keep, stop = stopping_of({"patience": 3, "monitor": "valid_accuracy", "mode": "max", "min_delta": 0.5})
    assert (type(keep), keep.monitor.name, type(stop), stop.patience) == (KeepBest, "valid_accuracy", EarlyStopping, 3)
    assert (stop.monitor.name, stop.monitor.min_delta) == ("valid_accuracy", 0.5)
    assert (patience_of(" 5 "), patience_of("patience=5,mode=max")) == ({"patience": 5}, {"patience": 5, "mode": "max"})


# Augmentation.


def test_pictures_are_changed_in_the_order_that_was_asked_for():
    data = digits()[0]
    assert augmented(data, []) is data
    crop, flip = augmented(data, ["crop:padding=3", "flip:p=0.25"]).transform.transforms
    assert (crop.size, crop.padding, flip.p) == ((8, 8), (3, 3), 0.25)
    (usual,) = augmented(data, ["crop"]).transform.transforms
    assert usual.padding == (2, 2)
    assert str(augmentation("flip:p=0.25")) == "flip:p=0.25"


# Settings in words.


def settings(**changed):
    usual = {"dataset": "digits", "model": "mlp", "epochs": 3, "lr": 0.25, "batch_size": 8, "optimizer": "sgd"}
    return Settings(**{**usual, "seed": 4, "kernels": "auto", **changed})


def test_the_settings_of_a_training_in_a_line():
    assert how(settings()) == "sgd, lr 0.25, batches of 8, seed 4"
    all_of_it = settings(schedule="step", augment=("flip", "crop"), early_stopping="5", precision="float64")
    assert how(all_of_it) == (
        "sgd, lr 0.25, batches of 8, seed 4, schedule step, augmented by flip and crop, early stopping 5, float64"
    )
    assert settings(dataset="/home/ada/my houses.csv").title == "mlp on my-houses"


def test_the_words_and_the_command_of_a_run():
    own = Own("table", "my price", skip_broken=True)
    told = settings(dataset="/a/b.csv", own=own, sizes={"hidden": (8,)}, augment=("flip", "crop"), early_stopping="5")
    words = {
        "dataset": "/a/b.csv", "target": "my price", "task": None, "size": None, "window": None, "skip_broken": True,
        "model": "mlp:hidden=8/", "epochs": 3, "lr": 0.25, "batch_size": 8, "optimizer": "sgd", "seed": 4,
        "kernels": "auto", "schedule": "cosine", "early_stopping": "5", "precision": "float32",
        "augment": ["flip", "crop"],
    }  # fmt: skip
    assert told.words() == words
    assert told.command("a run") == (
        "tinynet train /a/b.csv --target 'my price' --skip-broken --model mlp:hidden=8/ --epochs 3 --lr 0.25 "
        "--batch-size 8 --optimizer sgd --seed 4 --kernels auto --early-stopping 5 --augment flip --augment crop "
        "--out 'a run'"
    )
    net = settings(
        model="my_net.py", net="/a/my_net.py:small", sizes={"width": 8}, schedule="step", precision="float64"
    )
    assert net.command("run") == (
        "tinynet train digits --net /a/my_net.py:small:width=8 --epochs 3 --lr 0.25 --batch-size 8 --optimizer sgd "
        "--seed 4 --kernels auto --schedule step --precision float64 --out run"
    )


def test_what_a_model_learns_from_and_what_need_not_be_said():
    assert [learns(model) for model in ("mlp", "dcgan", "vae", "my_net.py")] == [
        "labels",
        "judge",
        "evidence",
        "labels",
    ]
    assert usual_of("dcgan") == {"schedule": "constant", "precision": "float32"}
    assert usual_of("mlp") == {"schedule": "cosine", "precision": "float32"}
    assert (settings().valid_fraction, settings(model="dcgan").valid_fraction) == (0.1, 0.0)


def test_the_rate_of_an_optimizer_ends_with_the_last_step():
    plain = settings(schedule="linear").make_optimizer(17)  # 3 epochs of 3 batches
    assert [plain.lr(step) for step in (0, 9)] == pytest.approx([0.25, 0.0])
    assert plain.lr(8) > 0
    halved = settings(schedule="linear", optimizer="sgd:gradient_accumulation_steps=2").make_optimizer(17)  # of 2 steps
    assert [halved.lr(step) for step in (0, 6)] == pytest.approx([0.25, 0.0])
    assert halved.lr(5) > 0


def test_callbacks_of_a_training():
    assert settings().callbacks() == []
    kinds = [type(each) for each in settings(schedule="plateau", early_stopping="5").callbacks()]
    assert kinds == [ReduceOnPlateau, KeepBest, EarlyStopping]


# What a search may change.


class Trial:
    """Notes what it is asked for, and takes the last."""

    def suggest_int(self, name, low, high, log):
        self.asked = ("int", name, low, high, log)
        return high

    def suggest_float(self, name, low, high, log):
        self.asked = ("float", name, low, high, log)
        return high

    def suggest_categorical(self, name, texts):
        self.asked = (name, texts)
        return texts[-1]


@pytest.mark.parametrize(
    ("text", "asked", "value"),
    [
        ("width=8..64", ("int", "width", 8, 64, True), 64),
        ("width=0..64", ("int", "width", 0, 64, False), 64),
        ("lr=0.5..2", ("float", "lr", 0.5, 2, True), 2),
        ("lr=0..0.5", ("float", "lr", 0, 0.5, False), 0.5),
        ("lr=-1..0.5", ("float", "lr", -1, 0.5, False), 0.5),
        ("hidden=64/32,128", ("hidden", ["(64, 32)", "128"]), 128),
        ("batch-size=8,16,8", ("batch_size", ["8", "16", "8"]), 8),
        ("a=true,,false", ("a", ["True", "False"]), False),
    ],
)
def test_a_value_is_asked_for_in_its_range(text, asked, value):
    trial = Trial()
    assert dimension(text).suggest(trial) == value
    assert trial.asked == asked


def test_without_a_wish_half_and_twice_the_usual_is_sought():
    base = Settled(choose("digits", "vgg11"), None)
    assert dimensions([], base, {}) == [
        Dimension("lr", pytest.approx(0.0003), pytest.approx(0.03)),
        Dimension("batch_size", values=BATCHES),
        Dimension("width", values=(8, 16, 32)),
    ]
    hidden = dimensions([], Settled(choose("moons", "mlp"), None), {"lr": 1, "batch_size": 1})
    assert hidden == [Dimension("hidden", values=((128, 64), (256, 128), (512, 256)))]
    assert BATCHES == (16, 32, 64, 128, 256)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["lr=1..2", "lr=2,3"], "lr is to be sought twice.\nHint: give it once."),
        (["widht=1,2"], "there is no option or size to search for called 'widht'.\nHint: did you mean width?"),
    ],
)
def test_what_cannot_be_sought_is_named(given, sentence):
    with pytest.raises(ValueError, match="^tinynet: ") as caught:
        dimensions(given, Settled(choose("digits", "vgg11"), None), {})
    assert str(caught.value) == f"tinynet: {sentence}"


def test_options_of_the_optimizer_may_be_sought():
    base = Settled(choose("digits", "vgg11"), None)
    assert [each.name for each in dimensions(["optimizer.eps=0.1..0.2", "size=8,9"], base, {})] == [
        "optimizer.eps",
        "size",
    ]
    told = {"augment": "flip", "optimizer": "adam"}
    assert applied(told, base, {"batch_size": 8})["augment"] == ["flip"]
    assert applied(told, base, {"augment": "crop"})["augment"] == ["crop"]
    assert applied({"augment": ["flip", "crop"]}, base, {})["augment"] == ["flip", "crop"]
    assert told == {"augment": "flip", "optimizer": "adam"}


def test_the_sizes_of_an_own_net_may_be_sought():
    def my_net(input_shape, n_classes, width=16, hidden=(8, 4), rate=0.5, embed_dim=1):
        pass

    source = Source(Path("/a/my_net.py"), "my_net", {"depth": 2})
    code = NetFile(source, b"", my_net, ())
    base = Settled(settings(model="my_net.py", net=source.place), code)
    told = {"net": "/a/my_net.py", "lr": 1, "batch_size": 1}
    assert dimensions([], base, told) == [
        Dimension("width", values=(8, 16, 32)),
        Dimension("hidden", values=((4, 2), (8, 4), (16, 8))),
        Dimension("embed_dim", values=(1, 1, 2)),
    ]
    assert dimensions([], base, told | {"net": "/a/my_net.py:width=8,embed_dim=4"}) == [
        Dimension("hidden", values=((4, 2), (8, 4), (16, 8)))
    ]
    assert dimensions(["rate=0.1..0.2"], base, told) == [Dimension("rate", 0.1, 0.2)]
    with pytest.raises(ValueError, match="called 'n_classes'"):
        dimensions(["n_classes=1,2"], base, told)
    assert applied(told, base, {"width": 8, "lr": 0.5})["net"] == "/a/my_net.py:my_net:depth=2,width=8"
