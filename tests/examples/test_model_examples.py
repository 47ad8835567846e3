"""Every example of a model, 10 to 17, runs at small size; `make models` trains them to their results."""

import pytest

from tests.examples.test_examples import EXAMPLES, number, pictures, run
from tools.models import RUNS, out_of_bounds, page, read

LATER = sorted(EXAMPLES.glob("1[0-7]_*.py"))


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.stem)
def test_is_short_and_says_what_one_learns(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert text.startswith('"""')


@pytest.mark.parametrize("name", ["10", "11"])
def test_photographs_are_classified(name):
    assert 0 <= number("test accuracy #%", run(name, "--quick")) <= 100


def test_a_unet_marks_pixels(tmp_path):
    out = run("12", "--quick", "--out", tmp_path)
    assert number("intersection over union #", out) > 0.15  # marking everything gives about 0.15
    assert pictures(tmp_path) == ["12_pictures.png"]


def test_a_vae_draws_and_orders_digits(tmp_path):
    out = run("13", "--quick", "--out", tmp_path)
    assert number("evidence bound #", out) < 44  # 64 pixels of which nothing is known: 64 log 2 = 44
    assert pictures(tmp_path) == ["13_latent_space.png", "13_reconstructions.png", "13_samples.png"]


def test_two_nets_play_against_each_other(tmp_path):
    out = run("14", "--quick", "--out", tmp_path)
    assert number("test digits the classifier is sure of #%", out) > 20
    assert number("drawn ones .* sees #", out) >= 1
    assert pictures(tmp_path) == ["14_samples.png"]


def test_an_lstm_writes():
    out = run("15", "--quick")
    assert number("validation loss #", out) < 4.2
    assert len(out.partition("per character\n")[2]) == 51  # what it wrote, and the end of the line


def test_a_gpt_writes_with_a_cache():
    out = run("16", "--quick")
    assert number("validation loss #", out) < 4.2
    assert number("logits differ by #", out) < 1e-5


def test_a_transformer_reverses_and_sorts():
    out = run("17", "--quick")
    assert 0 <= number("reversing #%", out) <= 100
    assert 0 <= number("sorting #%", out) <= 100


def test_make_models_runs_examples_that_exist():
    assert all((EXAMPLES / run.example).exists() for run in RUNS)
    assert {run.example for run in RUNS} >= {path.name for path in LATER}


def test_the_page_of_results_holds_what_was_read():
    gpt = next(run for run in RUNS if run.model == "char_gpt")
    out = "validation loss 1.800 nats\nwith and without the cache, logits differ by 2.1e-06\nTo be\nor not\n"
    outcome = read(gpt, out, seconds=90, cpu_seconds=60)
    assert outcome["values"] == [1.8, 2.1e-06]
    assert outcome["sample"] == "To be\nor not"
    assert out_of_bounds(gpt, outcome) == ["validation loss, nats per character 1.8, not ≤ 1.75"]
    text = page({gpt.example: outcome})
    assert "| validation loss, nats per character | 1.8 | ≤ 1.75 | 0 | 1.5 (1.0) | `python examples/16" in text
    assert "```text\nTo be\nor not\n```" in text


def test_an_output_without_its_number_is_no_result():
    with pytest.raises(SystemExit, match=r"12_unet.py printed no intersection over union"):
        read(next(run for run in RUNS if run.model == "unet"), "nothing", 1, 1)
