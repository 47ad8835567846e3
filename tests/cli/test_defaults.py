"""What a command does where an option is left out."""

import inspect

import pytest
import typer

from tinynet.cli.app import app
from tinynet.cli.choosing import choose
from tinynet.cli.drawing import sheet
from tinynet.cli.settings import Settings

TRAINING = {"optimizer": "adam", "skip_broken": False, "seed": 0}
DEFAULTS = {
    "train": TRAINING | {"dataset": "digits", "precision": "float32", "kernels": "auto", "force": False},
    "tune": TRAINING | {"dataset": "digits", "precision": "float32", "kernels": "auto", "trials": 20},
    "find-rate": TRAINING,
    "check": TRAINING,
    "compare": {},
    "evaluate": {},
    "predict": {},
    "summary": {},
    "report": {},
    "look": {"method": "all"},
    "doctor": {},
    "write": {"start": "", "length": 300, "temperature": 0.8, "seed": 0},
    "draw": {"number": 36, "seed": 0},
    "explain": {"sample": 0, "terms": 8},
    "export": {},
    "card": {},
    "models": {},
    "datasets": {},
    "kernels": {"kernels": "auto"},
}


def test_every_command_has_its_row():
    assert set(typer.main.get_command(app).commands) == set(DEFAULTS)


@pytest.mark.parametrize("command", DEFAULTS)
def test_what_is_left_out_gets_its_default(command):
    options = typer.main.get_command(app).commands[command].params
    found = {option.name: option.default for option in options if option.default is not None and not option.required}
    found = {name: value for name, value in found.items() if name != "help" and "UNSET" not in repr(value).upper()}
    assert found == DEFAULTS[command]


def test_a_sheet_of_drawn_pictures_has_the_seed_of_the_command():
    assert inspect.signature(sheet).parameters["seed"].default == DEFAULTS["draw"]["seed"]


def test_settings_of_a_run():
    assert choose("digits") == Settings(
        "digits", "digits_cnn", 30, 0.003, 64, "adam", 0, "auto", None, {}, None, None, "cosine", (), None, "float32"
    )
    assert Settings("digits", "mlp", 1, 0.1, 8, "adam", 0, "auto") == Settings(
        "digits", "mlp", 1, 0.1, 8, "adam", 0, "auto", None, {}, None, None, "cosine", (), None, "float32"
    )
