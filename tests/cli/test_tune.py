"""tinynet tune: each trial a run, the hopeless ended early, a search that can be gone on with."""

import json
import shlex

import pytest

from tinynet.cli import tuning
from tinynet.cli.choosing import choose
from tinynet.cli.runs import open_run
from tinynet.cli.search_space import applied, dimension, dimensions
from tinynet.cli.settling import Settled

optuna = pytest.importorskip("optuna")

WORDS = ("tune", "moons", "--model", "mlp:hidden=4", "--epochs", 3)


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    """A search of seven trials, two of which cannot learn; tests read it and leave it as it is."""
    from tinynet.cli import main

    folder = tmp_path_factory.mktemp("search") / "tuned"
    words = [*map(str, WORDS), "--search", "lr=0.000001..0.1", "--trials", "7", "--out", str(folder)]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    return folder


def trials_in(folder):
    journal = optuna.storages.journal
    storage = journal.JournalStorage(journal.JournalFileBackend(str(folder / "trials.log")))
    return optuna.load_study(study_name="tune", storage=storage).trials


def test_each_trial_is_a_run_with_its_own_settings(search):
    trials = trials_in(search)
    assert len(trials) == 7
    for trial in trials:
        run = open_run(search / f"trial-{trial.number + 1:03}")
        assert run.settings.lr == trial.params["lr"]
        assert (run.settings.sizes, run.settings.epochs) == ({"hidden": (4,)}, 3)
        assert run.history()["valid_loss"] == pytest.approx(list(trial.intermediate_values.values()))
        assert (run.folder / "model.safetensors").exists()


def test_what_is_hopeless_is_ended_early(search):
    states = [trial.state.name for trial in trials_in(search)]
    assert set(states) == {"COMPLETE", "PRUNED"}
    for trial in trials_in(search):
        epochs = len(open_run(search / f"trial-{trial.number + 1:03}").history())
        assert epochs == 3 if trial.state.name == "COMPLETE" else epochs < 3


def test_the_best_is_named_with_the_command_that_repeats_it(search, tinynet, tmp_path):
    result = tinynet("tune", "--resume", search, "--trials", 7)
    best = min((trial for trial in trials_in(search) if trial.state.name == "COMPLETE"), key=lambda trial: trial.value)
    assert f"best of 7 trials: {search}/trial-{best.number + 1:03}, valid loss {best.value:.4g}" in result.out
    assert f"compare: tinynet compare {search}/trial-{best.number + 1:03} {search}/trial-" in result.out
    command = shlex.split(result.out.splitlines()[-1].removeprefix("repeat:"))
    assert (float(command[command.index("--lr") + 1]), command[:3]) == (
        best.params["lr"],
        ["tinynet", "train", "moons"],
    )
    words = [*command[1:-1], tmp_path / "best"]
    assert tinynet(*words).status == 0
    assert open_run(tmp_path / "best").history()["valid_loss"][-1] == pytest.approx(best.value)


def test_a_search_goes_on_and_takes_up_what_was_killed(tinynet, tmp_path):
    folder = tmp_path / "tuned"
    assert tinynet(*WORDS, "--trials", 2, "--search", "batch-size=64,512", "--out", folder).status == 0
    journal = optuna.storages.journal
    storage = journal.JournalStorage(journal.JournalFileBackend(str(folder / "trials.log")))
    killed = optuna.load_study(study_name="tune", storage=storage).ask()
    killed.suggest_categorical("batch_size", ["64", "512"])
    assert tinynet("tune", "--resume", folder, "--trials", 3).status == 0
    trials = trials_in(folder)
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert trials[3].params == killed.params
    assert json.loads((folder / "tune.json").read_text())["search"] == ["batch-size=64,512"]


def test_a_loss_that_is_not_finite_is_a_trial_too(tinynet, tmp_path):
    result = tinynet(*WORDS, "--trials", 1, "--search", "lr=1e30..1e31", "--optimizer", "sgd", "--out", tmp_path)
    assert "the loss was not finite" in result.out
    assert (result.status, "no trial in" in result.err) == (2, True)


def test_ctrl_c_ends_the_search_with_the_command_that_goes_on(tinynet, tmp_path, monkeypatch):
    def pressed(*_):
        learner = type("Learner", (), {"history": {"valid_loss": [1.0]}, "stop_reason": "Ctrl-C"})
        return learner()

    monkeypatch.setattr(tuning, "train_quietly", pressed)
    result = tinynet(*WORDS, "--trials", 3, "--out", tmp_path)
    assert (result.status, f"go on with: tinynet tune --resume {tmp_path} --trials 3" in result.out) == (130, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=1e-4..0.1", (1e-4, 0.1, ())),
        ("lr=1e-4..1e-1", (1e-4, 1e-1, ())),
        ("width=8..64", (8, 64, ())),
        ("drop=0..0.5", (0, 0.5, ())),
        ("hidden=64/32,128", (0, 0, ((64, 32), 128))),
        ("optimizer=adam,sgd", (0, 0, ("adam", "sgd"))),
        ("early-stop=true,false", (0, 0, (True, False))),
    ],
)
def test_a_dimension_is_read(text, expected):
    assert dimension(text)[1:] == expected


def test_without_a_wish_rate_batch_size_and_sizes_are_sought():
    base = Settled(choose("digits", "vgg11"), None)
    assert [each.name for each in dimensions([], base, {})] == ["lr", "batch_size", "width"]
    assert [each.name for each in dimensions([], base, {"lr": 0.1, "batch_size": 8})] == ["width"]
    fixed = Settled(choose("digits", "mlp:hidden=8"), None)
    assert [each.name for each in dimensions([], fixed, {})] == ["lr", "batch_size"]


def test_values_are_put_into_what_was_told():
    base = Settled(choose("digits", "mlp:hidden=8", optimizer="sgd:nesterov=true"), None)
    told = {"dataset": "digits", "model": "mlp:hidden=8", "optimizer": "sgd:nesterov=true"}
    values = {"lr": 0.5, "hidden": (4, 2), "optimizer.momentum": 0.8}
    assert applied(told, base, values) == {
        "dataset": "digits",
        "model": "mlp:hidden=4/2",
        "optimizer": "sgd:nesterov=true,momentum=0.8",
        "lr": 0.5,
        "augment": None,
    }
    assert applied(told, base, {"optimizer": "adam", "optimizer.eps": 1e-7})["optimizer"] == "adam:eps=1e-07"


BAD = [
    (("--search", "lr"), "'lr' does not say what is sought"),
    (("--search", "lr=1"), "'lr=1' leaves no choice"),
    (("--search", "lr=3..1"), "the range 'lr=3..1' must go from a lower to a higher number"),
    (("--search", "lr=a..b"), "the ends of 'lr=a..b' must be numbers"),
    (("--search", "wdth=1,2"), "there is no option or size to search for called 'wdth'"),
    (("--search", "hidden=8,16", "--search", "hidden=3,4"), "hidden is to be sought twice"),
    (("--search", "optimizer=adam,admw"), "there is no optimizer called 'admw'"),
    (("--search", "optimizer.beta=0.1..0.2"), "adam has no option 'beta'"),
    (("--search", "batch-size=3,0"), "--batch-size must be at least 1, got 0"),
    (("--trials", 0), "--trials must be at least 1, got 0"),
    (("--resume", "nowhere"), "--resume goes on with the settings of the search, so a data set cannot be given"),
]


@pytest.mark.parametrize(("words", "sentence"), BAD)
def test_a_bad_request_is_one_sentence_and_nothing_is_written(words, sentence, tinynet, tmp_path):
    result = tinynet("tune", "moons", "--model", "mlp", *words, "--out", tmp_path / "tuned")
    assert (result.status, sentence in result.err) == (2, True)
    assert not (tmp_path / "tuned").exists()


def test_a_folder_is_asked_for_what_it_holds(search, tinynet, tmp_path, monkeypatch):
    assert "there is no search in" in tinynet("tune", "--resume", tmp_path).err
    assert f"there is a search in {search} already" in tinynet("tune", "moons", "--out", search).err
    (tmp_path / "tune.json").write_text("{}")
    assert "tune.json is damaged" in tinynet("tune", "--resume", tmp_path).err
    kept = {"format": 1, "told": {"dataset": "moons", "net": "my_net.py"}, "search": []}
    (tmp_path / "tune.json").write_text(json.dumps(kept))
    assert "is for the net of my_net.py.\nHint: add --net my_net.py" in tinynet("tune", "--resume", tmp_path).err
    (tmp_path / "file").write_text("")
    assert "cannot write to" in tinynet("tune", "moons", "--out", tmp_path / "file").err
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    assert "it needs optuna, which is not installed here" in tinynet("tune", "moons", "--out", tmp_path / "new").err


def test_data_that_cannot_be_read_are_told_in_one_sentence_before_there_is_a_folder(tinynet, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n3,4\n" * 20)
    result = tinynet("tune", tmp_path / "a.csv", "--out", tmp_path / "tuned")
    assert result.status == 2
    assert result.err.startswith("tinynet: it is not said which column of")
    assert not (tmp_path / "tuned").exists()


def test_a_trial_that_fails_shows_no_traceback(tinynet, tmp_path, monkeypatch):
    def fails(*_):
        raise ValueError("tinynet: the data have gone.")

    monkeypatch.setattr(tuning, "train_quietly", fails)
    result = tinynet(*WORDS, "--trials", 1, "--out", tmp_path / "tuned")
    assert (result.status, result.err) == (2, "tinynet: the data have gone.\n")
