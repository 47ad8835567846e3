"""What tinynet train can be told besides data and model, and --config, which repeats a run."""

import json

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import app
from tinynet.cli.choosing import choose
from tinynet.cli.named import named, options_of, options_text
from tinynet.cli.rules import RULES, SCHEDULES, make_rule, make_schedule, optimizer_named, schedule_named
from tinynet.cli.settling import settled
from tinynet.cli.training import make_learner
from tinynet.data import digits
from tinynet.data.transforms import RandomCrop, RandomFlip
from tinynet.layers import Linear
from tinynet.learner import EarlyStopping, KeepBest, ReduceOnPlateau
from tinynet.net import Net
from tinynet.optimizers import Muon, ParameterGroups


def rates(text, n_steps=100, per_epoch=10):
    rate = make_schedule(schedule_named(text), 1.0, n_steps, per_epoch)
    return [rate(step) if callable(rate) else rate for step in range(n_steps)]


@pytest.mark.parametrize("name", RULES)
def test_every_optimizer_lowers_a_parabola(name):
    net = Net([Linear(3, 2)])
    rule = make_rule(optimizer_named(name), choose("digits", optimizer=name).lr)
    first = sum(float((p.tensor**2).sum()) for p in net.parameters().values())
    for _ in range(5):
        for parameter in net.parameters().values():
            parameter.gradient[...] = parameter.tensor
        net.update(rule)
    assert sum(float((p.tensor**2).sum()) for p in net.parameters().values()) < first


def test_options_reach_the_optimizer():
    rule = make_rule(optimizer_named("adamw:weight_decay=0.1,betas=0.9/0.95,amsgrad=true,clip_norm=2"), 0.01)
    assert (rule.weight_decay, rule.betas, rule.amsgrad, rule.clip_norm, rule.lr) == (0.1, (0.9, 0.95), True, 2, 0.01)
    assert make_rule(optimizer_named("sgd"), 0.1).momentum == 0.9
    assert make_rule(optimizer_named("sgd:momentum=0"), 0.1).momentum == 0
    muon = make_rule(optimizer_named("muon:momentum=0.8,clip_norm=1"), 0.1)
    assert isinstance(muon, ParameterGroups)
    assert (muon.clip_norm, muon.rules[1].momentum, type(muon.rules[1])) == (1, 0.8, Muon)
    assert muon.learning_rate == 0.1


def test_schedules_count_in_epochs():
    assert rates("constant") == [1.0] * 100
    assert rates("step:step_size=3,gamma=0.5")[::30] == [1, 0.5, 0.25, 0.125]
    assert rates("multistep:milestones=2/5")[::10] == pytest.approx([1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01])
    assert rates("multistep:milestones=2") == rates("multistep:milestones=2/")
    assert rates("exponential:gamma=0.5")[::10] == pytest.approx([0.5**epoch for epoch in range(10)])
    assert rates("linear")[::50] == pytest.approx([1, 0.5])
    assert rates("restarts:T_0=5")[50] == 1.0
    assert rates("cyclic:step_size_up=2")[20] == 1.0
    assert max(rates("onecycle")) == pytest.approx(1.0)
    assert rates("constant:warmup=0.2")[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert rates("cosine") == rates("cosine:warmup=0.1")
    assert set(SCHEDULES) >= {"cosine", "plateau", "polynomial"}


def test_accumulated_gradients_make_fewer_steps_of_a_schedule():
    rule = choose(
        "digits", epochs=10, lr=1.0, batch_size=10, optimizer="sgd:gradient_accumulation_steps=2", schedule="linear"
    )
    assert rule.make_optimizer(n_samples=95).lr(50) == pytest.approx(0.0)


def test_a_learner_gets_what_was_asked_for():
    settings = choose(
        "digits", "mlp:hidden=8", augment=["flip", "crop:padding=1"], schedule="plateau:patience=2",
        early_stopping="patience=3,monitor=valid_accuracy", precision="float64",
    )  # fmt: skip
    learner = make_learner(settings, digits()[0])
    flip, crop = learner.train.transform.transforms
    assert (type(flip), type(crop), crop.size, crop.padding) == (RandomFlip, RandomCrop, (8, 8), (1, 1))
    assert learner.valid.transform is None
    plateau, keep, stopping = learner.callbacks
    assert (type(plateau), plateau.patience, type(keep), keep.monitor.name) == (
        ReduceOnPlateau,
        2,
        KeepBest,
        "valid_accuracy",
    )
    assert (type(stopping), stopping.patience) == (EarlyStopping, 3)
    assert learner.optimizer.lr == 0.003
    assert learner.net.parameters()["1.weight"].tensor.dtype == np.float64
    assert learner.net.parameters()["1.weight"].shape == (8, 64)


def test_options_are_written_as_they_are_read():
    text = "hidden=64/32,one=8/,rate=0.001,small=1e-05,bias=false,mode=none,word=max"
    options = options_of(text, text)
    assert options == {
        "hidden": (64, 32),
        "one": (8,),
        "rate": 0.001,
        "small": 1e-5,
        "bias": False,
        "mode": None,
        "word": "max",
    }
    assert options_of("", options_text(options)) == options
    assert str(named("model", "mlp:hidden=64/32", ["mlp"])) == "mlp:hidden=64/32"


TOLD = ("train", "digits", "--model", "mlp:hidden=16", "--optimizer", "sgd:momentum=0.8", "--schedule", "constant",
        "--augment", "flip", "--early-stopping", "2", "--precision", "float64", "--epochs", 2, "--lr", 0.1)  # fmt: skip


def test_a_run_is_repeated_by_its_config_and_options_beside_it_win(tinynet, tmp_path, monkeypatch):
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    result = tinynet(*TOLD, "--out", first)
    assert result.status == 0
    assert "schedule constant, augmented by flip, early stopping 2, float64" in result.out
    config = json.loads((first / "config.json").read_text())
    assert config["command"].endswith(
        "--model mlp:hidden=16/ --epochs 2 --lr 0.1 --batch-size 64 --optimizer sgd:momentum=0.8 --seed 0 "
        f"--kernels auto --schedule constant --early-stopping 2 --precision float64 --augment flip --out {first}"
    )
    assert tinynet("train", "--config", first, "--out", again).status == 0
    states = [tn.load(folder / "model.safetensors").state() for folder in (first, again)]
    assert all(np.array_equal(states[0][path], states[1][path]) for path in states[0])
    assert states[0]["1.weight"].dtype == np.float64
    words = ("train", "moons", "--config", first / "config.json", "--model", "mlp", "--out", other)
    assert "--augment is for pictures" in tinynet(*words).err
    flat = tmp_path / "flat.toml"
    flat.write_text('dataset = "moons"\nepochs = 1\nbatch-size = 128\noptimizer = "lion"\nearly-stopping = 3\n')
    assert tinynet("train", "--config", flat, "--seed", 5, "--out", other).status == 0
    told = json.loads((other / "config.json").read_text())
    assert [told[name] for name in ("dataset", "epochs", "batch_size", "optimizer", "early_stopping", "seed")] == [
        "moons", 1, 128, "lion", "3", 5,
    ]  # fmt: skip


CHANGES = [
    ("sizes", 5, "sizes must be a table, got 5"),
    ("sizes", {"hiden": 3}, "mlp has no option 'hiden'"),
    ("schedule", 3, "the schedule must be a string, got 3"),
    ("augment", "flip", "augment must be a list of texts, got 'flip'"),
    ("augment", ["flop"], "there is no augmentation called 'flop'"),
    ("precision", None, "--precision must be one of 'float32', 'float64'; got None"),
    ("early_stopping", 3, "early_stopping must be a text, got 3"),
    ("net", 3, "net must be a text, got 3"),
    ("optimizer", "sgd:momentum=9", "momentum must be at least 0 and below 1, got 9"),
]


@pytest.mark.parametrize(("name", "value", "words"), CHANGES)
def test_an_edited_setting_of_a_run_is_named(name, value, words, run, tinynet, tmp_path):
    config = json.loads((run / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {name: value}))
    result = tinynet("evaluate", tmp_path)
    assert (result.status, f"{tmp_path / 'config.json'} is damaged: {words}" in result.err.replace("SGD: ", "")) == (
        2,
        True,
    )


def test_a_run_from_before_these_options_is_read(run, tinynet, tmp_path):
    config = json.loads((run / "config.json").read_text())
    for name in ("sizes", "net", "net_sha256", "schedule", "augment", "early_stopping", "precision"):
        del config[name]
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    assert tinynet("evaluate", tmp_path).out == tinynet("evaluate", run).out


FILES = [
    ("a.toml", "epochs = ", "is no TOML"),
    ("a.json", "{", "is no JSON"),
    ("a.json", "[1]", "holds a list, not a table of options"),
    ("a.toml", "epoch = 3", "there is no option in FILE called 'epoch'.\nHint: did you mean epochs?"),
    ("a.toml", 'out = "x"', "there is no option in FILE called 'out'"),
    ("a.toml", "model = 3", "model in FILE must be a text, got 3"),
    ("a.toml", "augment = [1]", "augment in FILE must be a list of texts, got [1]"),
    ("a.toml", 'epochs = "many"', "--epochs must be an integer, got 'many'"),
    ("a.toml", 'optimizer = "admw"', "there is no optimizer called 'admw'"),
    ("a.toml", 'net = "my_net.py"', "a file runs no code by itself; add --net my_net.py"),
    ("a.json", '{"format": 1}', "looks like the config.json of a run under another name"),
    ("config.json", '{"format": 1}', "is damaged: it says nothing about dataset"),
]


@pytest.mark.parametrize(("name", "text", "words"), FILES)
def test_a_config_that_is_of_no_use_is_one_sentence(name, text, words, tinynet, tmp_path):
    (tmp_path / name).write_text(text)
    result = tinynet("train", "--config", tmp_path / name, "--out", tmp_path / "run")
    assert (result.status, words.replace("FILE", str(tmp_path / name)) in result.err) == (2, True)
    assert not (tmp_path / "run").exists()


def test_a_data_set_that_a_file_leaves_open_is_the_default():
    assert settled({"dataset": None, "model": "mlp"}).settings.dataset == "digits"


BAD = [
    (("--optimizer", "admw"), "there is no optimizer called 'admw'.\nHint: did you mean adamw?"),
    (("--optimizer", "adam:momentum=3"), "adam has no option 'momentum'.\nHint: it takes betas, eps"),
    (("--optimizer", "sgd:momentum=2"), "SGD: momentum must be at least 0 and below 1, got 2"),
    (("--optimizer", "sgd:momentum=high"), "momentum must be a number, got 'high'"),
    (("--optimizer", "sgd:"), "nothing follows the colon in 'sgd:'"),
    (("--optimizer", "sgd:momentum"), "'momentum' in 'sgd:momentum' is no option with a value"),
    (("--optimizer", "sgd:momentum=0,momentum=1"), "momentum stands twice in"),
    (("--schedule", "cosne"), "there is no schedule called 'cosne'.\nHint: did you mean cosine?"),
    (("--schedule", "step:gamma=x"), "gamma must be a number, got 'x'"),
    (("--schedule", "cosine:warmup=2"), "warmup must be a share of the steps, at least 0 and below 1, got 2"),
    (("--schedule", "multistep"), "multistep needs to know after which epochs the rate falls"),
    (("--schedule", "constant:gamma=2"), "constant has no option 'gamma'.\nHint: it takes warmup."),
    (("--augment", "flop"), "there is no augmentation called 'flop'"),
    (("--augment", "flip:p=3"), "p must be from 0 to 1, got 3"),
    (("--augment", "crop:size=4"), "crop has no option 'size'.\nHint: it takes padding."),
    (("--early-stopping", "0"), "patience must be at least 1, got 0"),
    (("--early-stopping", "soon"), "--early-stopping must be a number of epochs, got 'soon'"),
    (("--early-stopping", "patience=2,monitor=valid_f1"), "valid_f1"),
    (("--precision", "float16"), "--precision must be one of 'float32', 'float64'; got 'float16'"),
    (("--model", "mlp:hiden=3"), "mlp has no option 'hiden'.\nHint: did you mean hidden?"),
    (("--model", "mlp:hidden=a"), "hidden must be a list of widths, got 'a'"),
    (("--model", "lenet5:width=3"), "lenet5 has no option 'width'.\nHint: it takes none."),
]


@pytest.mark.parametrize(("words", "sentence"), BAD)
def test_a_bad_option_is_one_sentence(words, sentence, tinynet, tmp_path):
    result = tinynet("train", "digits", *words, "--epochs", 1, "--out", tmp_path / "run")
    assert result.status == 2
    assert sentence in result.err
    assert len(result.err.splitlines()) <= 2
    assert not (tmp_path / "run").exists()
