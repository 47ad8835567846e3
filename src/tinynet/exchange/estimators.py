"""Nets as estimators of scikit-learn: for its pipelines, its cross-validation and its grid search."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Self

import numpy as np

from tinynet.core import checks, seed
from tinynet.core.checks.words import fail
from tinynet.exchange.lazily import imported
from tinynet.exchange.weighted import WeightedRows, weighted_cross_entropy, weighted_squared_error
from tinynet.layers import Linear, ReLU
from tinynet.learner import EarlyStopping, KeepBest, Learner
from tinynet.losses.cross_entropy import softmax_and_surprise
from tinynet.models import he_before_relu
from tinynet.net import Net
from tinynet.optimizers import Adam, Optimizer
from tinynet.storage.architecture import streams_kept

INSTALL = 'pip install "tinynet[sklearn]"'
base = imported("TinynetClassifier", "sklearn.base", INSTALL)
BaseEstimator: Any = base.BaseEstimator
ClassifierMixin: Any = base.ClassifierMixin
RegressorMixin: Any = base.RegressorMixin
metrics = imported("TinynetClassifier", "sklearn.utils.multiclass", INSTALL)
selection = imported("TinynetClassifier", "sklearn.model_selection", INSTALL)
utils = imported("TinynetClassifier", "sklearn.utils", INSTALL)
validation = imported("TinynetClassifier", "sklearn.utils.validation", INSTALL)


class _Estimator(BaseEstimator):
    """What both estimators share; a subclass defines its loss and what y becomes."""

    def __init__(
        self,
        net: Callable[[int, int], Net] | None = None,
        optimizer: Optimizer | None = None,
        *,
        lr: float = 0.01,
        epochs: int = 100,
        batch_size: int = 64,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.net, self.optimizer = net, optimizer
        self.lr, self.epochs, self.batch_size = lr, epochs, batch_size
        self.early_stopping, self.validation_fraction, self.patience = early_stopping, validation_fraction, patience
        self.random_state, self.verbose = random_state, verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Build a new net and train it.

        Args:
            X: The inputs, (N, n_features).
            y: The truth, (N,).
            sample_weight: How much each row counts, (N,), at least 0; all alike if None.
        """
        for name in ("early_stopping", "verbose"):
            checks.flag(type(self).__name__, name, getattr(self, name))
        X, y, w = self._checked(X, y, sample_weight, is_first=True)
        data, valid, callbacks = WeightedRows(X, y, w), None, []
        if self.early_stopping:
            data, valid = self._held_out(X, y, w)
            callbacks = [EarlyStopping(patience=self.patience), KeepBest()]
        with streams_kept():
            self._begin(X.dtype)
            learner = self._learner(data, valid=valid, callbacks=callbacks)
            self.history_ = learner.fit(self.epochs, progress=self.verbose)
        self.n_iter_ = len(self.history_)
        return self

    def _fit_more(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        """Go through some rows once, with the net that is there, or a new one at first."""
        is_first = not hasattr(self, "net_")
        X, y, w = self._checked(X, y, sample_weight, is_first, classes)
        with streams_kept():
            if is_first:
                self._begin(X.dtype)
            seed(self._seed)
            learner = self._learner(WeightedRows(X, y, w))
            learner.go_to(self.n_iter_ * learner.batches_per_epoch)  # so that each call draws an order of its own
            learner.fit(progress=self.verbose)
        self.n_iter_ += 1
        return self

    def _learner(self, data: WeightedRows, **options: Any) -> Learner:
        return Learner(self.net_, self._loss, self.optimizer_, data, batch_size=self.batch_size, **options)

    def _begin(self, dtype: Any) -> None:
        """Build the net and the optimizer."""
        self._seed = int(utils.check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        seed(self._seed)
        make: Any = one_hidden_layer if self.net is None else self.net
        if isinstance(make, Net) or not callable(make):
            problem = f"net must be a function (n_features, n_outputs) -> Net, got {checks.of_kind(make)}."
            hint = "write net=lambda n_features, n_outputs: Net([...]), so that each fit begins with a new one."
            fail(type(self).__name__, problem, hint, TypeError)
        net = make(self.n_features_in_, self._n_outputs)
        checks.instance(type(self).__name__, "what net(n_features, n_outputs) gives", net, Net)
        self.net_ = net.astype(dtype)
        self.n_iter_ = 0
        self.optimizer_ = Adam(self.lr) if self.optimizer is None else deepcopy(self.optimizer)

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, is_first: bool, classes: Any = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The inputs as an array, the truth as the loss takes it, and the weights."""
        is_numeric = self._y_is_numeric
        options = {"dtype": (np.float64, np.float32), "y_numeric": is_numeric, "multi_output": is_numeric}
        X, y = validation.validate_data(self, X, y, reset=is_first, **options)
        w = validation._check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        return X, self._truth(y, is_first, classes), w

    def _held_out(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[WeightedRows, WeightedRows]:
        """The rows to train on, and those that decide when to stop."""
        stratify = None if self._y_is_numeric else y
        parts = selection.train_test_split(
            X, y, w, test_size=self.validation_fraction, random_state=self.random_state, stratify=stratify
        )
        train, valid = parts[0::2], parts[1::2]
        return WeightedRows(*train), WeightedRows(*valid)

    def _outputs(self, X: Any) -> np.ndarray:
        validation.check_is_fitted(self)
        X = validation.validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        return self.net_.predict(X)


class TinynetClassifier(ClassifierMixin, _Estimator):
    """A net that tells classes apart, with the methods of scikit-learn.

    Args:
        net: A function (n_features, n_classes) -> Net, whose outputs are logits; one hidden layer of 64 units if None.
        optimizer: The update rule; a copy is used. `Adam(lr)` if None.
        lr: The learning rate, if no optimizer is given.
        epochs: Passes over the data; the most, if it stops early.
        batch_size: Rows per step.
        early_stopping: Whether to hold out some rows, stop when they no longer get better, and keep the best weights.
        validation_fraction: The share of the rows that is held out.
        patience: How many epochs in a row without improvement end training.
        random_state: An integer for the same net each time; else the weights and the order of the rows are random.
        verbose: Whether to show the progress.

    Attributes:
        net_: The trained net.
        classes_: The classes, sorted; they may be strings.
        history_: One row for each epoch of `fit`.
        n_iter_: The number of epochs.

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> X, y = np.array([[0.0], [1.0]]), ["no", "yes"]
        >>> TinynetClassifier(random_state=0).fit(X, y).predict(X)
        array(['no', 'yes'], dtype='<U3')
    """

    _y_is_numeric = False
    _loss = staticmethod(weighted_cross_entropy)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go through some rows once, from where training is.

        Args:
            X: The inputs, (N, n_features).
            y: Their classes, (N,).
            classes: All classes that there are, in the first call.
            sample_weight: How much each row counts, (N,).
        """
        if classes is None and not hasattr(self, "net_"):
            fail("TinynetClassifier.partial_fit", "the first call needs classes, all that there are.")
        return self._fit_more(X, y, sample_weight, classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (N, n_classes), in the order of `classes_`."""
        return softmax_and_surprise(self._outputs(X))[0]

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, (N,)."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _truth(self, y: np.ndarray, is_first: bool, classes: Any) -> np.ndarray:
        """The number of each class, which are those of y at first, or those that were given."""
        metrics.check_classification_targets(y)
        if is_first:
            self.classes_ = np.unique(y if classes is None else classes)
        elif classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
            fail("TinynetClassifier.partial_fit", f"classes are not those of the first call, {self.classes_}.")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            fail("TinynetClassifier.partial_fit", f"{unknown[0].item()!r} in y is none of the classes {self.classes_}.")
        return np.searchsorted(self.classes_, y)


class TinynetRegressor(RegressorMixin, _Estimator):
    """A net that predicts numbers, with the methods of scikit-learn.

    Args:
        net: A function (n_features, n_outputs) -> Net; one hidden layer of 64 units if None.
        optimizer: The update rule; a copy is used. `Adam(lr)` if None.
        lr: The learning rate, if no optimizer is given.
        epochs: Passes over the data; the most, if it stops early.
        batch_size: Rows per step.
        early_stopping: Whether to hold out some rows, stop when they no longer get better, and keep the best weights.
        validation_fraction: The share of the rows that is held out.
        patience: How many epochs in a row without improvement end training.
        random_state: An integer for the same net each time; else the weights and the order of the rows are random.
        verbose: Whether to show the progress.

    Attributes:
        net_: The trained net.
        history_: One row for each epoch of `fit`.
        n_iter_: The number of epochs.

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> X = np.linspace(0, 1, 20)[:, np.newaxis]
        >>> TinynetRegressor(random_state=0).fit(X, 3 * X[:, 0]).predict([[0.5]]).round(1)
        array([1.5])
    """

    _y_is_numeric = True
    _loss = staticmethod(weighted_squared_error)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go through some rows once, from where training is.

        Args:
            X: The inputs, (N, n_features).
            y: Their numbers, (N,) or (N, n_outputs).
            sample_weight: How much each row counts, (N,).
        """
        return self._fit_more(X, y, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """The numbers for each row: (N,), or (N, n_outputs) if y had two axes."""
        y = self._outputs(X)
        return y[:, 0] if self._is_row else y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _truth(self, y: np.ndarray, is_first: bool, classes: Any) -> np.ndarray:
        """The numbers, (N, n_outputs)."""
        if is_first:
            self._is_row, self._n_outputs = y.ndim == 1, 1 if y.ndim == 1 else y.shape[1]
        y = y.reshape(len(y), -1)
        if y.shape[1] != self._n_outputs:
            fail(
                "TinynetRegressor.partial_fit", f"y has {y.shape[1]} numbers a row, at first it had {self._n_outputs}."
            )
        return y


def one_hidden_layer(n_features: int, n_outputs: int) -> Net:
    """A hidden layer of 64 units with ReLUs, and a linear layer.

    Example:
        >>> [layer.weight.shape for layer in one_hidden_layer(3, 2) if isinstance(layer, Linear)]
        [(64, 3), (2, 64)]
    """
    return he_before_relu(Net([Linear(n_features, 64), ReLU(), Linear(64, n_outputs)]))
