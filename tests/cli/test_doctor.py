"""tinynet doctor: what went wrong in a run."""


def test_a_run_in_which_nothing_is_wrong(run, tinynet):
    result = tinynet("doctor", run)
    assert result.status == 0
    assert "[problem" not in result.out


def test_a_rate_that_is_too_high_is_named_by_training_and_by_the_doctor(tinynet, tmp_path):
    folder = tmp_path / "stuck"
    trained = tinynet("train", "spirals", "--optimizer", "sgd", "--lr", "5", "--epochs", "30", "--out", folder)
    assert "test accuracy 33.33%" in trained.out
    assert "the learning rate is too high:\n  seen:  with lr=4.8" in trained.out
    result = tinynet("doctor", folder)
    assert result.status == 0
    assert result.out.startswith("1. the learning rate is too high [problem: lr-high]\n     seen:  with lr=4.8")
    assert "\n     tried: " in result.out
    assert "\n     fix:   SGD(lr=0.4" in result.out


def test_what_is_no_run_is_named(tinynet):
    result = tinynet("doctor", "nowhere")
    assert result.status == 2
    assert "nowhere is not a run" in result.err
