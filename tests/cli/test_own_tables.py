"""tinynet train TABLE.csv: from a table with gaps to the prediction of a new row."""

import json
import shutil

import numpy as np
import pytest

import tinynet as tn
from tests.cli.without_report import without_report
from tests.data.own.tables import rows_of_houses, write_table
from tinynet.cli import main
from tinynet.cli.runs import open_run
from tinynet.storage.checkpoints import checkpoints_in


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("own") / "houses.csv", rows_of_houses(400))


def trained_on(houses, target):
    folder = houses.parent / target
    with without_report(), pytest.raises(SystemExit) as ended:
        main(["train", str(houses), "--target", target, "--epochs", "12", "--out", str(folder)])
    assert not ended.value.code
    return folder


@pytest.fixture(scope="module")
def price_run(houses):
    return trained_on(houses, "price")


@pytest.fixture(scope="module")
def kind_run(houses):
    return trained_on(houses, "kind")


def test_numbers_are_learned_and_told_in_their_units(price_run, tinynet):
    config = json.loads((price_run / "config.json").read_text(encoding="utf-8"))
    assert config["classes"] == ["price"]
    assert config["own"]["target"] == "price"
    assert config["test"]["r2_score"] > 0.9
    assert 2_000 < config["test"]["mean_absolute_error"] < 60_000
    assert open_run(price_run).preparation().target.name == "price"
    result = tinynet("predict", price_run, "town=Köln", "rooms=4", "area=88", "kind=dear", "more=1")
    assert result.status == 0
    assert result.out.startswith("price ")
    assert abs(float(result.out.split()[1]) - 280_000) < 40_000


def test_classes_are_learned(kind_run, tinynet, tmp_path):
    config = json.loads((kind_run / "config.json").read_text(encoding="utf-8"))
    assert config["classes"] == ["cheap", "dear"]
    assert config["test"]["accuracy"] > 0.9
    new = write_table(tmp_path / "new.csv", rows_of_houses(3, seed=9), separator=";")
    result = tinynet("predict", kind_run, new)
    assert result.status == 0
    assert [line.split(":")[0] for line in result.out.splitlines()] == ["line 2", "line 3", "line 4"]
    assert all(" (" in line and "%" in line for line in result.out.splitlines())


def test_what_was_seen_in_the_table_is_said(houses, tinynet, tmp_path):
    with without_report():
        result = tinynet("train", houses, "--target", "kind", "--epochs", 1, "--out", tmp_path / "run")
    assert "kind is predicted as one of 2 classes\n" in result.out
    assert "left out: id (it numbers the rows), name (" in result.out


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_answered(kind_run, tinynet, tmp_path):
    rows = rows_of_houses(3, seed=9)
    rows[1][2] = "Rom"
    result = tinynet("predict", kind_run, write_table(tmp_path / "new.csv", rows))
    assert result.status == 2
    assert len(result.out.splitlines()) == 2
    assert "town is 'Rom' in line 3 of" in result.err


def test_evaluate_tests_on_the_part_that_was_set_aside_or_on_another_table(price_run, tinynet, houses, tmp_path):
    result = tinynet("evaluate", price_run)
    assert result.status == 0
    assert tinynet("evaluate", price_run, "--on", houses).out == result.out
    moved = shutil.copy(houses, tmp_path / "moved.csv")
    assert tinynet("evaluate", price_run, "--on", moved).out == result.out
    new = write_table(tmp_path / "new.csv", rows_of_houses(30, seed=9))
    assert "(30 samples)" in tinynet("evaluate", price_run, "--on", new).out


@pytest.mark.parametrize(
    "words", [["report"], ["doctor"], ["card"], ["explain", "--terms", "2"], ["export", "--to", "npz"]]
)
def test_what_works_for_any_run_works_for_this_one(price_run, tinynet, tmp_path, words):
    copy = shutil.copytree(price_run, tmp_path / "copy")
    result = tinynet(words[0], copy, *words[1:])
    assert (result.status, result.err) == (0, "")


def test_a_run_that_was_killed_comes_to_the_same_bits(price_run, tinynet, tmp_path):
    copy = shutil.copytree(price_run, tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    shutil.rmtree(checkpoints_in(copy / "checkpoints")[0])
    (copy / "checkpoints" / "latest").unlink()
    with without_report():
        result = tinynet("train", "--resume", copy)
    assert result.status == 0
    assert "of 12 epochs" in result.out
    assert (copy / "model.safetensors").read_bytes() == (price_run / "model.safetensors").read_bytes()


def test_a_rate_is_found_and_the_network_checked_before_a_long_training(houses, tinynet):
    found = tinynet("find-rate", houses, "--target", "price")
    assert found.status == 0
    assert found.out.startswith("mlp on houses with adam")
    assert f"train with it: tinynet train {houses} --target price --model mlp" in found.out
    checked = tinynet("check", houses, "--target", "price")
    assert checked.status == 0
    assert f"next: tinynet find-rate {houses} --target price --model mlp" in checked.out


def test_options_for_own_data_are_not_for_a_data_set_of_tinynet(tinynet):
    result = tinynet("train", "digits", "--target", "price")
    assert result.status == 2
    assert (
        "--target is for a table or pairs of your own, but digits is a data set of Tinynet.\nHint: leave it out, or"
        in result.err
    )


def test_a_weights_file_alone_lacks_the_preparation(price_run, tinynet, tmp_path):
    shutil.copy(price_run / "model.safetensors", tmp_path / "net.safetensors")
    result = tinynet("predict", tmp_path / "net.safetensors", "town=Köln")
    assert result.status == 2
    assert "after own data, name the folder of the run, which has their preparation." in result.err
    assert tinynet("predict", price_run / "model.safetensors", "town=Köln", "rooms=4", "area=8", "kind=").status == 0


def test_a_net_of_points_cannot_be_tested_on_a_folder(tinynet, tmp_path, houses):
    folder = tmp_path / "moons"
    with without_report():
        assert tinynet("train", "moons", "--epochs", 1, "--out", folder).status == 0
    result = tinynet("evaluate", folder, "--on", houses)
    assert result.status == 2
    assert f"this net was trained on moons, so {houses} cannot be prepared for it." in result.err


def test_damaged_weights_give_a_sentence_for_each_row(price_run, tinynet, tmp_path):
    copy = shutil.copytree(price_run, tmp_path / "copy")
    net = tn.load(copy / "model.safetensors")
    net.parameters()["1.weight"].tensor[:] = np.nan
    tn.save(net, copy / "model.safetensors")
    result = tinynet("predict", copy, "town=Köln", "rooms=4", "area=8", "kind=")
    assert result.status == 2
    assert "the row: the net gives numbers that are not finite; its weights may be damaged." in result.err


def test_data_that_are_gone_are_said(price_run, tinynet, tmp_path):
    copy = shutil.copytree(price_run, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"dataset": "/gone/houses.csv"}), encoding="utf-8")
    for command in (["evaluate", copy], ["report", copy], ["doctor", copy], ["train", "--resume", copy]):
        result = tinynet(*command)
        assert result.status == 2
        assert "the data of the run are no longer at /gone/houses.csv.\nHint: put them back, or test" in result.err
    assert tinynet("predict", copy, "town=Köln", "rooms=4", "area=88", "kind=dear").status == 0
