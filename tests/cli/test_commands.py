"""The other commands, the help, and one clear sentence for each bad value."""

import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import tinynet as package
from tinynet.cli.app import app
from tinynet.data import DATASETS
from tinynet.layers import Conv2D, Linear, ReLU
from tinynet.models import MODELS
from tinynet.net import Net

COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "write",
    "draw",
    "summary",
    "report",
    "explain",
    "doctor",
    "models",
    "datasets",
    "kernels",
)


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)])
def test_help_fits_a_terminal_and_explains_everything(words):
    result = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert max(len(line) for line in result.output.splitlines()) <= 80
    if not words:
        assert all(command in result.output for command in COMMANDS)


def test_models_and_data_sets_are_listed(tinynet):
    models, datasets = tinynet("models"), tinynet("datasets")
    assert (models.status, datasets.status) == (0, 0)
    assert [line.split()[0] for line in models.out.splitlines() if line.split()[0] in MODELS] == list(MODELS)
    assert all(name in datasets.out for name in DATASETS)
    assert "61,706" in models.out


def test_summary_of_a_model_a_run_and_a_file(run, tinynet, tmp_path):
    assert "61,706" in tinynet("summary", "lenet5").out
    assert "Linear(64, 256)" in tinynet("summary", run).out
    assert tinynet("summary", run).out == tinynet("summary", run / "model.safetensors").out
    package.save(Net([Linear(5, 4), ReLU()]), tmp_path / "linear.safetensors")
    assert "24" in tinynet("summary", tmp_path / "linear.safetensors").out
    package.save(Net([Conv2D(1, 2, 3)]), tmp_path / "conv.safetensors")
    assert "does not tell the shape of its input" in tinynet("summary", tmp_path / "conv.safetensors").err
    assert tinynet("summary", tmp_path / "conv.safetensors", "--input-shape", "1,9,9").status == 0
    assert "(N, 3, 32, 40)" in tinynet("summary", "mlp", "--input-shape", "3x32x40").out


@pytest.mark.usefixtures("drawn")
def test_report_is_written_anew(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "report.html").unlink()
    result = tinynet("report", folder)
    assert result.status == 0
    assert result.out == f"written: {folder / 'report.html'}\n"
    assert "mlp on digits" in (folder / "report.html").read_text(encoding="utf-8")


BAD = [
    (["train", "minst"], "there is no data set called 'minst'.\nHint: did you mean mnist?"),
    (["train", "zebra"], "there is no data set called 'zebra'.\nHint: there are digits, mnist"),
    (["train", "digits", "--model", "mnist_cn"], "no model called 'mnist_cn'.\nHint: did you mean mnist_cnn?"),
    (["train", "digits", "--optimizer", "adm"], "no optimizer called 'adm'.\nHint: did you mean adam?"),
    (["train", "digits", "--lr", "-1"], "--lr must be greater than 0, got -1."),
    (["train", "digits", "--lr", "nan"], "--lr must be finite, got nan."),
    (["train", "digits", "--lr", "fast"], "'--lr'"),
    (["train", "digits", "--epochs", "0"], "--epochs must be at least 1, got 0."),
    (["train", "digits", "--epochs", "2.5"], "'--epochs'"),
    (["train", "digits", "--batch-size", "0"], "--batch-size must be at least 1, got 0."),
    (["train", "digits", "--seed", "-1"], "--seed must be at least 0, got -1."),
    (["train", "digits", "--epoch", "3"], "--epoch"),
    (["train", "digits", "--kernels", "loop"], "no body of the kernels called 'loop'.\nHint: did you mean loops?"),
    (["kernels", "--kernels", "zebra"], "no body of the kernels called 'zebra'.\nHint: there are auto, plain, loops"),
    (["train", "spirals", "--model", "vgg11"], "input_shape must be (channels, height, width), got (2,)."),
    (["train", "digits", "--model", "vgg11"], "at least 32 × 32 pixels (height × width), got 8 × 8."),
    (["train", "digits", "--out", "/proc/nothing/here"], "cannot write to /proc/nothing/here"),
    (["train", "digits", "--out", __file__], "is a file, not a folder."),
    (["trian"], "trian"),
    (["evaluate", "nowhere"], "nowhere is not a run: there is no such folder."),
    (["evaluate", "/"], "/ is not a run: it holds no config.json."),
    (["evaluate"], "RUN"),
    (["report", "nowhere"], "nowhere is not a run"),
    (["predict", "nowhere", "x.png"], "nowhere is not a run"),
    (["summary", "mnist_cn"], "no model called 'mnist_cn'.\nHint: did you mean mnist_cnn?"),
    (["summary", "lost.safetensors"], "there is no model, run folder or weights file lost.safetensors."),
    (["summary", __file__], "is not a safetensors file"),
    (["summary", "mlp", "--input-shape", "1,b"], "--input-shape must be sizes such as 1,28,28, got '1,b'."),
    (["summary", "mlp", "--input-shape", "1,0"], "--input-shape must be sizes such as 1,28,28, got '1,0'."),
]


@pytest.mark.parametrize(("words", "sentence"), BAD, ids=[" ".join(map(str, words[:4])) for words, _ in BAD])
def test_a_bad_value_is_one_sentence_and_status_2(tinynet, words, sentence):
    result = tinynet(*words)
    assert result.status == 2
    assert sentence in result.err
    assert result.err.startswith("tinynet: ")
    assert result.out == ""
    assert len(result.err.splitlines()) <= 2


def test_a_wrong_tinynet_data_is_one_sentence(tinynet, monkeypatch):
    monkeypatch.setenv("TINYNET_DATA", "/nowhere/at/all")
    result = tinynet("train", "mnist", "--out", "never-made")
    assert result.status == 2
    assert "TINYNET_DATA: expected a folder, but /nowhere/at/all does not exist." in result.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "{", "it is no JSON"),
        (lambda text: "[1, 2]", "it is not of format 1"),
        (lambda text: text.replace('"format": 1', '"format": 99'), "it is not of format 1"),
        (lambda text: text.replace('"seed"', '"seeed"'), "it says nothing about seed"),
        (lambda text: text.replace('"model": "mlp"', '"model": "gone"'), "no model called 'gone'"),
        (lambda text: text.replace('"epochs": 2', '"epochs": "two"'), "--epochs must be an integer, got 'two'"),
    ],
)
def test_a_damaged_config_is_one_sentence(run, tinynet, tmp_path, change, words):
    folder = shutil.copytree(run, tmp_path / "run")
    path = folder / "config.json"
    path.write_text(change(path.read_text()))
    result = tinynet("evaluate", folder)
    assert result.status == 2
    assert words in result.err


def test_a_missing_or_damaged_model_is_one_sentence(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    model = folder / "model.safetensors"
    model.write_bytes(model.read_bytes()[:1000])
    assert tinynet("evaluate", folder).status == 2
    model.unlink()
    result = tinynet("evaluate", folder)
    assert result.status == 2
    assert "model.safetensors" in result.err
    assert "Traceback" not in result.err


def test_version_and_no_words(tinynet):
    assert tinynet("--version").out == f"tinynet {package.__version__}\n"
    assert "Commands" in tinynet().out


def command(*words, **options):
    return subprocess.run([sys.executable, "-m", "tinynet", *words], capture_output=True, text=True, **options)


def test_a_process_ends_with_the_status(tmp_path):
    bad = command("train", "minst")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("tinynet: there is no data set called 'minst'.")
    good = command("train", "moons", "--epochs", "1", "--out", "run", cwd=tmp_path)
    assert good.returncode == 0, good.stderr
    assert json.loads((tmp_path / "run/config.json").read_text())["epochs_done"] == 1


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "tinynet", "summary", "vgg16"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, err = b"", process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in err


def test_help_loads_no_plotting_and_no_compiler():
    code = (
        "import sys\n"
        "from tinynet.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'matplotlib', 'numba', 'scipy', 'PIL', 'safetensors', 'pooch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
