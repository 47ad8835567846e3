"""tinynet find-rate and tinynet check, as a user calls them."""

import re

from tinynet.probe import Diagnoses, Diagnosis


def test_a_rate_is_suggested_and_drawn(tinynet, tmp_path):
    picture = tmp_path / "sweep.png"
    result = tinynet("find-rate", "digits", "--model", "mlp", "--picture", picture)
    assert result.status == 0
    first, written, then = result.out.splitlines()
    found = re.search(r"mlp on digits with adam, batches of 64: the suggested learning rate is ([\d.e-]+)\.", first)
    assert 1e-3 < float(found[1]) < 0.1
    assert written == f"written: {picture}"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert then.endswith(f"tinynet train digits --model mlp --optimizer adam --batch-size 64 --lr {found[1]}")


def test_a_sweep_of_another_optimizer_without_a_picture(tinynet):
    result = tinynet("find-rate", "moons", "--optimizer", "sgd", "--seed", 3)
    assert result.status == 0
    assert "mlp on moons with sgd" in result.out
    assert "written" not in result.out


def test_a_picture_of_another_kind_and_a_data_set_that_is_not_there(tinynet):
    result = tinynet("find-rate", "digits", "--picture", "sweep.jpg")
    assert (result.status, result.out) == (2, "")
    assert "--picture must be a .png file, got 'sweep.jpg'." in result.err
    assert "did you mean digits?" in tinynet("check", "digit").err


def test_a_sound_network_passes_the_check(tinynet):
    result = tinynet("check", "digits", "--model", "mlp")
    assert result.status == 0
    first, batch, then = result.out.splitlines()
    assert re.fullmatch(
        r"first loss: 2\.\d+; a net that only guesses has ln 10 = 2.303, so it is as it should be\.", first
    )
    assert batch.startswith("one batch: the loss of 32 samples went from 2.")
    assert batch.endswith("the net can learn.")
    assert then == "next: tinynet find-rate digits --model mlp --optimizer adam --batch-size 64"


def test_what_the_doctor_finds_is_said_and_does_not_pass(tinynet, monkeypatch):
    found = Diagnoses(
        [Diagnosis("softmax2", "problem", 0.9, "two softmax layers", "It is never sure.", "leave one out")]
    )
    monkeypatch.setattr("tinynet.cli.first_checks.diagnose", lambda learner, may_try: found)
    result = tinynet("check", "moons")
    assert result.status == 1
    assert "softmax twice:\n  seen:  two softmax layers" in result.out


def test_a_rate_that_is_far_too_high_does_not_pass(tinynet):
    result = tinynet("check", "moons", "--optimizer", "sgd", "--lr", "1000")
    assert result.status == 1
    assert re.search(r"\n  - (The learning rate is too high: at|In step \d+ the)", result.out)
    assert "next:" not in result.out
