"""What the commands say, character by character, and how each ending of a process is told."""

import io
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import typer

from tinynet.cli import app, output, waiting
from tinynet.cli.answers import likeliest, probabilities
from tinynet.cli.output import complain, drop_output, given_path, plain, reason, say, warnings_in_sentences
from tinynet.core.faster import use
from tinynet.layers import Conv2D
from tinynet.net import Net

# Characters.


@pytest.mark.parametrize(
    ("character", "written"),
    [
        ("∂", "d"),
        ("Σ", "sum"),
        ("Δ", "Delta"),
        ("σ", "sigma"),
        ("Ω", "Omega"),
        ("ᵀ", "^T"),
        ("²", "^2"),
        ("₁", "1"),
        ("ₙ", "n"),
        ("é", "\\xe9"),
        ("日", "\\u65e5"),
        ("█", "#"),
        ("▁", "_"),
        ("ﬁ", "\\ufb01"),
        ("\udcff", "\\udcff"),
        ("⅓", "\\u2153"),
        ("ᵠ", "\\u1d60"),
    ],
)
def test_a_character_that_cannot_be_encoded(character, written):
    error = UnicodeEncodeError("ascii", f"a{character}{character}b", 1, 3, "no such character")
    assert plain(error) == (2 * written, 3)


def test_other_errors_of_a_codec_are_raised():
    error = UnicodeDecodeError("ascii", b"\xff", 0, 1, "no such byte")
    with pytest.raises(UnicodeDecodeError):
        plain(error)


# Lines.


def test_a_line_is_written_and_flushed_at_once(monkeypatch):
    class Noting(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed += 1

    out, err = Noting(), Noting()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    say("one")
    complain("two.")
    assert (out.getvalue(), err.getvalue()) == ("one\n", "tinynet: two.\n")
    assert (out.flushed, err.flushed) == (1, 1)


def test_a_closed_output_is_not_flushed(monkeypatch):
    out = io.StringIO()
    out.close()
    monkeypatch.setattr(sys, "stdout", out)
    output.flush()
    monkeypatch.setattr(sys, "stdout", None)
    output.flush()
    say("nobody hears it")


def lowest_free_number(folder):
    """The number that the next opened file gets."""
    number = os.open(folder, os.O_RDONLY)
    os.close(number)
    return number


def test_what_is_dropped_goes_nowhere(monkeypatch, tmp_path):
    with open(tmp_path / "out", "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        say("before")
        free = lowest_free_number(tmp_path)
        drop_output()
        assert lowest_free_number(tmp_path) == free  # nothing was left open
        out.write("after")
        out.flush()
    assert (tmp_path / "out").read_text() == "before\n"
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # one without a number
    drop_output()


def test_a_warning_is_told_like_an_error(capsys):
    with warnings_in_sentences():
        warnings.simplefilter("always")
        warnings.warn("the rate is high.", stacklevel=1)
    assert capsys.readouterr().err == "tinynet: the rate is high.\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "No space left on device."),
        (OSError(28, "No space left on device", "a.txt"), "a.txt: No space left on device."),
        (FileNotFoundError("tinynet: there is no file x."), "there is no file x."),
    ],
)
def test_an_error_of_the_system_in_words(error, words):
    assert reason(error) == words


def test_a_path_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert given_path("~/run") == Path("/home/ada/run")
    assert given_path("a/~/run") == Path("a/~/run")
    with pytest.raises(typer.BadParameter) as caught:
        given_path("")
    assert caught.value.message == "expected a path, got an empty text."


# Endings.


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ValueError("tinynet: it is bad."), 2, "it is bad."),
        (TypeError("Linear: it is bad."), 2, "Linear: it is bad."),
        (ImportError("it is not installed."), 2, "it is not installed."),
        (OSError(28, "No space left on device", "a.txt"), 2, "a.txt: No space left on device."),
        (MemoryError(), 1, "there is not enough memory."),
        (FloatingPointError("the loss is nan."), 1, "the loss is nan."),
        (KeyboardInterrupt(), 130, "interrupted."),
        (typer.Abort(), 130, "interrupted."),
        (BrokenPipeError(), 1, None),
        (app.USAGE_ERROR("no such thing."), 2, "no such thing."),
        (app.USAGE_ERROR(""), 2, None),
    ],
)
def test_how_a_command_ends(error, status, words, tinynet, monkeypatch):
    def fail():
        raise error

    monkeypatch.setattr(app.show, "models_table", fail)
    dropped = []
    monkeypatch.setattr(app, "drop_output", lambda: dropped.append(1))
    assert tinynet("models") == (status, "", "" if words is None else f"tinynet: {words}\n")
    assert len(dropped) == isinstance(error, OSError)


def test_what_is_in_the_buffer_is_written_before_the_end(tinynet, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(app, "flush", full)
    monkeypatch.setattr(app.show, "models_table", lambda: None)
    assert tinynet("models") == (2, "", "tinynet: No space left on device.\n")


def test_an_error_that_nobody_has_thought_of_is_shown_whole(tinynet, monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(app.show, "models_table", fail)
    with pytest.raises(ZeroDivisionError):
        app.main(["models"])


# Answers.


def test_the_likeliest_classes_come_first():
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3]))
    assert likeliest("abcd", logits) == "b (40.0%), then d (30.0%), c (20.0%)"
    assert likeliest("abcd", logits, 2) == "b (40.0%), then d (30.0%)"
    assert likeliest("abcd", logits, 1) == "b (40.0%)"
    assert likeliest("a", np.zeros(1)) == "a (100.0%)"


def test_large_logits_have_probabilities_too():
    np.testing.assert_allclose(probabilities(np.array([1e4, 1e4 + np.log(3)])), [0.25, 0.75])
    np.testing.assert_allclose(probabilities(np.array([-1e4, -1e4])), [0.5, 0.5])


# Waiting.


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (172799, "48 hours"),
        (172800, "2 days"),
    ],
)
def test_a_duration_is_told_in_the_largest_unit_of_which_there_are_two(seconds, words):
    assert waiting.duration(seconds) == words


@pytest.mark.parametrize(
    ("trained", "evaluated", "words"),
    [(10, 0, None), (11, 0, "33 seconds"), (10, 1, "31 seconds"), (0, 30, None), (0, 40, "40 seconds")],
)
def test_a_step_in_python_costs_as_much_as_three_forwards(trained, evaluated, words, capsys, monkeypatch):
    monkeypatch.setattr(waiting, "seconds_of_loops", lambda *_: 1.0)
    with use("loops"):
        waiting.warn_of_loops(None, (1, 28, 28), trained, evaluated)
    sentence = (
        f"tinynet: this will take about {words}: --kernels loops computes in nested Python loops, "
        "which are there to be read.\nHint: leave --kernels out to compute fast; Ctrl-C ends it.\n"
    )
    said = "" if words is None else sentence
    assert capsys.readouterr().err == said


def test_the_time_of_one_product_is_the_best_of_three(monkeypatch):
    clock = iter([0.0, 5.0, 10.0, 12.0, 20.0, 24.0])
    monkeypatch.setattr(waiting, "perf_counter", lambda: next(clock))
    assert waiting.seconds_of_a_product() == pytest.approx(2.0 / (4 * 4 * 9 * 6 * 6))
    monkeypatch.setattr(waiting, "seconds_of_a_product", lambda: 0.5)
    assert waiting.seconds_of_loops(Net([Conv2D(1, 2, 3)]), (1, 5, 5)) == 0.5 * 2 * 9 * 3 * 3
