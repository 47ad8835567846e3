"""The history: columns, the best row, and reading it back."""

import pytest

from tinynet.learner import History


def history(**columns):
    made = History()
    for row in zip(*columns.values(), strict=True):
        made.append(dict(zip(columns, row, strict=True)))
    return made


def test_columns_rows_and_the_best():
    made = history(epoch=[1, 2, 3], loss=[0.5, 0.2, 0.3], accuracy=[0.7, 0.8, 0.9])
    assert made["loss"] == [0.5, 0.2, 0.3]
    assert made.best("loss")["epoch"] == 2
    assert made.best("accuracy")["epoch"] == 3
    assert made.best("accuracy", "min")["epoch"] == 1
    assert [row["epoch"] for row in made] == [1, 2, 3]
    assert len(made) == 3
    assert repr(made) == "History(3 epochs: epoch, loss, accuracy)"


def test_epochs_without_a_value_are_left_out():
    made = history(epoch=[1], loss=[0.5])
    made.append({"epoch": 2, "loss": 0.4, "valid_loss": 0.6})
    assert made["valid_loss"] == [0.6]
    assert made.best("valid_loss")["epoch"] == 2


def test_the_best_of_nan_and_numbers_is_a_number():
    nan = float("nan")
    assert history(epoch=[1, 2, 3], loss=[nan, 0.4, nan]).best("loss")["epoch"] == 2
    with pytest.raises(ValueError, match="every value of loss is NaN"):
        history(epoch=[1], loss=[nan]).best("loss")


def test_an_unknown_column_is_named_with_those_that_exist():
    made = history(epoch=[1], loss=[0.5])
    with pytest.raises(ValueError, match=r"no column 'los'; the columns are epoch, loss.\nHint: did you mean 'loss'"):
        made["los"]
    with pytest.raises(ValueError, match="no column 'accuracy'"):
        made.best("accuracy")
    assert History()["loss"] == []


@pytest.mark.parametrize("text", ["epoch,loss\n1,0.5\n2\n", "epoch,loss\n1,0.5\n2,0.4,7\n", "epoch,loss\n1,0.5\n2,x\n"])
def test_a_broken_table_names_the_line(tmp_path, text):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"line 3 of .*history.csv is not a row of numbers"):
        History.read_csv(path)
