"""The estimators, held against scikit-learn's own checks and used as its users would."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install tinynet[sklearn]")

from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import tinynet as tn
from tinynet.exchange import TinynetClassifier, TinynetRegressor
from tinynet.layers import Dropout, Linear, Tanh
from tinynet.net import Net
from tinynet.optimizers import SGD

X, LABELS = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[LABELS]


def small_net(n_features, n_outputs):
    return Net([Linear(n_features, 8), Tanh(), Dropout(0.1), Linear(8, n_outputs)])


@pytest.mark.filterwarnings("ignore")  # what the checks provoke
@parametrize_with_checks([TinynetClassifier(), TinynetRegressor()])
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_a_pipeline_a_grid_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), TinynetClassifier(small_net, epochs=60, random_state=0))
    assert cross_val_score(pipeline, X, NAMES, cv=3).mean() > 0.9
    optimizers = [SGD(lr=0.1, momentum=0.9), SGD(lr=1e-6)]
    search = GridSearchCV(pipeline, {"tinynetclassifier__optimizer": optimizers}, cv=2).fit(X, NAMES)
    assert search.best_params_["tinynetclassifier__optimizer"].lr == 0.1
    assert set(search.predict(X)) == {"setosa", "versicolor", "virginica"}
    assert vars(optimizers[0]).keys() == vars(SGD(lr=0.1, momentum=0.9)).keys()


def test_partial_fit_goes_on_from_where_it_was():
    model = TinynetClassifier(small_net, random_state=0)
    with pytest.raises(ValueError, match=r"TinynetClassifier\.partial_fit: the first call needs classes"):
        model.partial_fit(X, NAMES)
    scores = []
    for _ in range(15):
        model.partial_fit(X[LABELS < 2], NAMES[LABELS < 2], classes=np.unique(NAMES))
        model.partial_fit(X[LABELS == 2], NAMES[LABELS == 2])
        scores.append(model.score(X, NAMES))
    assert (model.n_iter_, model.classes_.tolist()) == (30, ["setosa", "versicolor", "virginica"])
    assert max(scores) > scores[0]
    with pytest.raises(ValueError, match="classes are not those of the first call"):
        model.partial_fit(X, NAMES, classes=["setosa", "rose"])
    with pytest.raises(ValueError, match="'rose' in y is none of the classes"):
        model.partial_fit(X[:1], ["rose"])


def test_each_partial_fit_draws_an_order_of_its_own():
    class Rows:
        def __init__(self):
            self.seen = []

        def on_forward(self, path, layer, x, y):
            if path == "":
                self.seen.append(x.copy())

    model = TinynetClassifier(small_net, batch_size=30, random_state=0).partial_fit(X, NAMES, classes=np.unique(NAMES))
    orders = []
    for _ in range(2):
        rows = Rows()
        with tn.net.watch(model.net_, rows):
            model.partial_fit(X, NAMES)
        orders.append(np.concatenate(rows.seen))
    assert {len(x) for x in rows.seen} == {30}
    assert orders[0].shape == X.shape
    assert not np.array_equal(*orders)
    assert np.array_equal(*(order[np.lexsort(order.T)] for order in orders))


def test_partial_fit_of_numbers():
    model = TinynetRegressor(random_state=0)
    for _ in range(40):
        model.partial_fit(X, 2 * X[:, :2])
    assert model.predict(X).shape == (150, 2)
    assert model.score(X, 2 * X[:, :2]) > 0.8
    with pytest.raises(ValueError, match="y has 1 numbers a row, at first it had 2"):
        model.partial_fit(X, X[:, 0])


def test_early_stopping_keeps_the_best_weights():
    x, y = make_regression(200, 5, noise=50, random_state=0)
    y = y / y.std()
    model = TinynetRegressor(early_stopping=True, validation_fraction=0.25, patience=3, lr=1e-3, random_state=0)
    model.fit(x, y)
    assert 4 <= model.n_iter_ < 100
    assert min(model.history_["valid_loss"]) < model.history_["valid_loss"][0]
    classifier = TinynetClassifier(early_stopping=True, patience=2, epochs=50, random_state=0).fit(X, NAMES)
    assert classifier.score(X, NAMES) > 0.8


def test_weights_of_rows():
    x = np.zeros((4, 1))
    y, w = np.array(["a", "b", "b", "b"]), np.array([9.0, 1.0, 0.0, 2.0])
    model = TinynetClassifier(lr=0.1, random_state=0).fit(x, y, sample_weight=w)
    assert model.predict_proba(x[:1])[0] == pytest.approx([0.75, 0.25], abs=0.01)
    with pytest.raises(ValueError, match="[Ss]ample.weight"):
        model.fit(x, y, sample_weight=np.zeros(4))
    with pytest.raises(ValueError, match="sample_weight: all . rows have weight 0"):
        TinynetRegressor(early_stopping=True, random_state=0).fit(x, w, sample_weight=[1, 0, 0, 0])


def test_the_same_seed_gives_the_same_net_and_leaves_the_streams_alone():
    tn.seed(5)
    expected = Linear(2, 2).weight.tensor
    tn.seed(5)
    nets = [clone(TinynetClassifier(small_net, epochs=2, random_state=3)).fit(X, LABELS).net_ for _ in range(2)]
    assert np.array_equal(nets[0][0].weight.tensor, nets[1][0].weight.tensor)
    assert np.array_equal(Linear(2, 2).weight.tensor, expected)
    other = TinynetClassifier(small_net, epochs=2).fit(X, LABELS).net_
    assert not np.array_equal(nets[0][0].weight.tensor, other[0].weight.tensor)


def test_the_type_of_the_inputs_is_that_of_the_net():
    assert TinynetRegressor(epochs=1).fit(X.astype(np.float32), LABELS).net_.dtype == np.float32
    assert TinynetRegressor(epochs=1).fit(X, LABELS).net_.dtype == np.float64


def test_a_function_that_gives_no_net():
    with pytest.raises(TypeError, match=r"TinynetClassifier: what net\(n_features, n_outputs\) gives must be"):
        TinynetClassifier(net=lambda n, k: None).fit(X, LABELS)
    with pytest.raises(TypeError, match=r"TinynetRegressor: net must be a function .*, got a Net"):
        TinynetRegressor(net=small_net(4, 1)).fit(X, LABELS)


@pytest.mark.parametrize("name", ["early_stopping", "verbose"])
def test_a_word_is_no_flag(name):
    with pytest.raises(TypeError, match=f"TinynetClassifier: {name} must be True or False, got 'no'"):
        TinynetClassifier(**{name: "no"}).fit(np.ones((4, 2)), [0, 1, 0, 1])


def test_a_fitted_net_can_be_saved(tmp_path):
    model = TinynetClassifier(small_net, epochs=2, random_state=0).fit(X, NAMES)
    tn.save(model.net_, tmp_path / "iris.safetensors")
    logits = tn.load(tmp_path / "iris.safetensors").predict(X)
    assert np.array_equal(model.classes_[logits.argmax(axis=1)], model.predict(X))


def test_importing_tinynet_does_not_import_scikit_learn():
    script = "import sys, tinynet as tn; tn.exchange; print('sklearn' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_what_is_not_said_is_as_the_documentation_says():
    expected = dict(net=None, optimizer=None, lr=0.01, epochs=100, batch_size=64, early_stopping=False)
    expected |= dict(validation_fraction=0.1, patience=10, random_state=None, verbose=False)
    assert TinynetClassifier().get_params() == expected == TinynetRegressor().get_params()
    model = TinynetRegressor(epochs=3, random_state=0).fit(X, LABELS)
    assert (type(model.optimizer_).__name__, model.optimizer_.lr) == ("Adam", 0.01)
    assert (model.n_iter_, len(model.history_)) == (3, 3)
    assert [layer.weight.shape for layer in model.net_ if isinstance(layer, Linear)] == [(64, 4), (1, 64)]
    assert model.fit(X, LABELS).n_iter_ == 3  # a second fit begins anew


def test_what_is_said_is_done(capsys):
    optimizer = SGD(lr=0.25)
    model = TinynetRegressor(small_net, optimizer, lr=0.5, epochs=2, batch_size=50, random_state=0).fit(X, LABELS)
    assert (model.optimizer_.lr, model.optimizer_ is optimizer) == (0.25, False)
    assert TinynetRegressor(lr=0.5, epochs=1).fit(X, LABELS).optimizer_.lr == 0.5
    assert capsys.readouterr().out == ""
    TinynetRegressor(small_net, epochs=1, verbose=True).fit(X, LABELS)
    assert capsys.readouterr().out != ""
    TinynetRegressor(small_net, verbose=True).partial_fit(X, LABELS)
    assert capsys.readouterr().out != ""
    TinynetRegressor(small_net).partial_fit(X, LABELS)
    assert capsys.readouterr().out == ""


def test_rows_are_held_out_alike_of_each_class():
    w = np.arange(1.0, 151)
    model = TinynetClassifier(validation_fraction=0.2, random_state=0)
    train, valid = model._held_out(X, LABELS, w)
    assert (len(train), len(valid)) == (120, 30)
    assert np.bincount(valid.y).tolist() == [10, 10, 10]
    again = model._held_out(X, LABELS, w)[1]
    assert np.array_equal(valid.X, again.X)
    weight_of = {tuple(row): weight for row, weight in zip(X, w, strict=True)}
    assert len({round(weight / weight_of[tuple(row)], 9) for row, weight in zip(valid.X, valid.w, strict=True)}) <= 3
    other = TinynetRegressor(validation_fraction=0.5, random_state=1)._held_out(X, LABELS.astype(float), w)
    assert [len(rows) for rows in other] == [75, 75]
    assert len(set(np.bincount(other[1].y.astype(int)).tolist())) > 1  # numbers are no classes


def test_training_stops_after_so_many_epochs_without_improvement():
    stuck = TinynetRegressor(small_net, SGD(lr=0.0), early_stopping=True, patience=2, random_state=0).fit(X, LABELS)
    assert stuck.n_iter_ == 3
    going = TinynetRegressor(small_net, SGD(lr=0.0), epochs=5, patience=2, random_state=0).fit(X, LABELS)
    assert (going.n_iter_, "valid_loss" in going.history_) == (5, False)


def test_probabilities_and_numbers_have_the_shapes_of_scikit_learn():
    model = TinynetClassifier(small_net, epochs=5, random_state=0).fit(X, NAMES)
    p = model.predict_proba(X)
    assert p.shape == (150, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert np.array_equal(model.classes_[p.argmax(axis=1)], model.predict(X))
    row = TinynetRegressor(small_net, epochs=1, random_state=0).fit(X, X[:, 0])
    column = TinynetRegressor(small_net, epochs=1, random_state=0).fit(X, X[:, :1])
    assert (row.predict(X).shape, column.predict(X).shape) == ((150,), (150, 1))
    assert np.array_equal(row.predict(X), column.predict(X)[:, 0])
    assert TinynetRegressor().__sklearn_tags__().target_tags.multi_output


def test_a_class_without_rows_has_a_probability():
    model = TinynetClassifier(small_net, random_state=0)
    model.partial_fit(X, NAMES, classes=[*np.unique(NAMES), "rose"])
    assert model.classes_.tolist() == ["rose", "setosa", "versicolor", "virginica"]
    assert model.predict_proba(X).shape == (150, 4)
    model.partial_fit(X, NAMES, classes=["rose", *np.unique(NAMES)])  # the same, in another order
    sentence = r"TinynetClassifier\.partial_fit: classes are not those of the first call, \['rose' .* 'virginica'\]\."
    with pytest.raises(ValueError, match=sentence):
        model.partial_fit(X, NAMES, classes=np.unique(NAMES))
    with pytest.raises(ValueError, match=r"'tulip' in y is none of the classes \['rose' 'setosa'"):
        model.partial_fit(X[:2], ["rose", "tulip"])
    assert model.n_iter_ == 2


def test_weights_count_in_partial_fits():
    x, y = np.zeros((2, 1)), np.array(["a", "b"])
    model = TinynetClassifier(optimizer=SGD(lr=0.5), random_state=0)
    for _ in range(60):
        model.partial_fit(x, y, ["a", "b"], [3.0, 1.0])
    assert model.predict_proba(x)[0] == pytest.approx([0.75, 0.25], abs=0.02)
    numbers = TinynetRegressor(optimizer=SGD(lr=0.05), random_state=0)
    for _ in range(60):
        numbers.partial_fit(x, [0.0, 4.0], [3.0, 1.0])
    assert numbers.predict(x)[0] == pytest.approx(1.0, abs=0.05)
    with pytest.raises(ValueError, match="[Nn]egative"):
        numbers.partial_fit(x, [0.0, 4.0], [3.0, -1.0])
