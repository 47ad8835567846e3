"""What the Tab key proposes, and the example that each command's help shows."""

import json
import re

import pytest
from typer.completion import get_completion_script
from typer.testing import CliRunner

from tinynet.cli import completing
from tinynet.cli.app import app
from tinynet.data import DATASETS
from tinynet.models import MODELS


def proposed(*words):
    """What bash is told where the last of the words is being typed."""
    environment = {
        "_TINYNET_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["tinynet", *words]),
        "COMP_CWORD": str(len(words)),
    }
    return CliRunner().invoke(app, prog_name="tinynet", env=environment).output.split()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with runs here, in runs/, and in a search."""
    for name in ("here", "runs/digits-mlp-1", "runs/tuned/trial-001", ".hidden", "notes"):
        (tmp_path / name).mkdir(parents=True)
        if name != "notes":
            (tmp_path / name / "config.json").write_text(json.dumps({}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_models_data_sets_and_words_of_options_are_proposed():
    assert proposed("tr") == ["train"]
    assert proposed("train", "m") == ["mnist", "moons"]
    assert proposed("train", "my_photos") == []  # left to the shell, which knows the files
    assert proposed("train", "digits", "--model", "v") == ["vgg11", "vgg16", "vae"]
    assert proposed("train", "--optimizer", "ada") == ["adam", "adamw", "adamax", "adagrad", "adadelta"]
    assert proposed("train", "--schedule", "co") == ["cosine", "constant"]
    assert proposed("train", "--augment", "") == ["flip", "crop"]
    assert proposed("train", "--precision", "") == ["float32", "float64"]
    assert proposed("export", "--to", "") == ["pytorch", "onnx", "npz"]
    assert "gradcam" in proposed("look", "--method", "")
    assert [name for name, _ in completing.models("")] == list(MODELS)
    assert [name for name, _ in completing.data_sets("")] == list(DATASETS)


def test_runs_are_proposed_where_they_lie(place):
    assert proposed("evaluate", "") == ["here", "runs/", "runs/digits-mlp-1", "runs/tuned/"]
    assert proposed("evaluate", "he") == ["here"]
    assert proposed("compare", "here", "runs/d") == ["runs/digits-mlp-1"]
    assert proposed("doctor", "runs/tuned/") == ["runs/tuned/trial-001"]
    assert proposed("doctor", "runs/t") == ["runs/tuned/trial-001"]  # there is no other: no space after runs/tuned/
    assert proposed("summary", "re") == ["resnet20"]
    assert proposed("train", "--resume", "runs/d") == ["runs/digits-mlp-1"]
    assert completing.runs("nowhere/") == []


def test_a_space_in_a_name_is_quoted_for_bash_alone(place, monkeypatch):
    (place / "here").rename(place / "my run")
    assert completing.runs("my") == ["my run"]
    monkeypatch.setenv("_TINYNET_COMPLETE", "complete_bash")
    assert completing.runs("my") == ["my\\ run"]


def test_the_script_for_zsh_calls_what_it_defines():
    completing.answer_the_first_tab()  # a second time changes nothing
    script = get_completion_script(prog_name="tinynet", complete_var="_TINYNET_COMPLETE", shell="zsh")
    assert script.count("compdef _tinynet_completion tinynet") == 1
    assert script.endswith('if [[ $funcstack[1] == _tinynet ]]; then\n  _tinynet_completion "$@"\nfi')


def test_the_script_for_a_shell_is_shown():
    shown = CliRunner().invoke(app, ["--show-completion"], prog_name="tinynet", env={"SHELL": "/bin/bash"})
    assert shown.exit_code in (0, 1)  # 1 where no shell is above this process
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.parametrize("command", [command.name or command.callback.__name__ for command in app.registered_commands])
def test_help_shows_an_example_whose_options_exist(command):
    text = next(each for each in app.registered_commands if (each.name or each.callback.__name__) == command)
    examples = re.findall(r"\*\*(tinynet .*?)\*\*", text.callback.__doc__)
    assert any(example.split()[1] == command for example in examples)
    for example in examples:
        shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [example.split()[1], "--help"]).output
        assert [word for word in re.findall(r"--[a-z-]+", example) if word not in shown] == []
