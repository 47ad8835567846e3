"""Parameter groups: who gets which rule, what is shared, what is kept."""

import copy

import numpy as np
import pytest

from tests.optimizers.steps import parameter
from tinynet.layers import BatchNorm1D, Linear, ReLU
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, AdamW, Muon, ParameterGroups


def with_gradients(**values):
    """Parameters at zero whose gradients are these values."""
    parameters = {path.replace("__", "."): parameter(np.zeros(np.shape(value))) for path, value in values.items()}
    for one, value in zip(parameters.values(), values.values(), strict=True):
        one.accumulate(np.array(value, float))
    return parameters


def tensors(parameters):
    return {path: one.tensor.tolist() for path, one in parameters.items()}


# Who gets which rule.


def test_the_first_pattern_that_fits_decides():
    parameters = with_gradients(a__weight=[1.0], a__bias=[1.0], head__weight=[1.0], head__bias=[1.0])
    rule = ParameterGroups([("*.bias", SGD(lr=1)), ("head.*", SGD(lr=2)), ("*", SGD(lr=3))])
    rule.step(parameters)
    assert tensors(parameters) == {"a.weight": [-3], "a.bias": [-1], "head.weight": [-2], "head.bias": [-1]}


def test_a_function_may_decide():
    parameters = with_gradients(w=[[1.0, 1.0]], b=[1.0])
    rule = ParameterGroups([(lambda path, p: len(p.shape) > 1 and path == "w", SGD(lr=1)), ("*", SGD(lr=2))])
    rule.step(parameters)
    assert tensors(parameters) == {"w": [[-1, -1]], "b": [-2]}


def test_patterns_know_upper_from_lower_case():
    with pytest.raises(ValueError, match="no group fits the parameter Weight"):
        ParameterGroups([("weight", SGD(1))]).step(with_gradients(Weight=[1.0]))


def test_no_decay_on_biases_and_norms():
    net = Net([Linear(3, 4), BatchNorm1D(4), ReLU(), Linear(4, 2)])
    before = {path: array for path, array in net.state().items() if path in net.parameters()}
    net.update(
        ParameterGroups(
            [
                (lambda path, p: len(p.shape) < 2, SGD(lr=0.1)),
                ("3.*", SGD(lr=0.01, weight_decay=0.5)),
                ("*", SGD(lr=0.1, weight_decay=0.5)),
            ]
        )
    )
    kept = {"0.weight": 0.95, "3.weight": 0.995}
    for path, one in net.parameters().items():
        np.testing.assert_allclose(one.tensor, kept.get(path, 1.0) * before[path], rtol=1e-6, err_msg=path)


def test_matrices_for_muon_and_the_rest_for_adamw():
    net = Net([Linear(3, 4), Linear(4, 2)])
    for one in net.parameters().values():
        one.accumulate(np.ones(one.shape))
    before = net.state()
    net.update(ParameterGroups([(lambda path, p: len(p.shape) > 1, Muon(lr=0.1)), ("*", AdamW(lr=0.01))]))
    assert all(np.abs(one.tensor - before[path]).min() > 0 for path, one in net.parameters().items())
    assert not any(one.gradient.any() for one in net.parameters().values())


def test_each_group_takes_its_own_schedule():
    rule = ParameterGroups([("a", SGD(lambda step: [1.0, 2.0][step])), ("b", SGD(3.0))])
    parameters = with_gradients(a=[1.0], b=[1.0])
    rule.step(parameters)
    for one in parameters.values():
        one.accumulate(np.ones(1))
    rule.step(parameters)
    assert tensors(parameters) == {"a": [-3], "b": [-6]}
    assert (rule.n_calls, rule.n_steps) == (2, 2)


def test_the_learning_rate_shown_is_that_of_the_rest():
    for others in ([], [("a", SGD(1.0))], [("a", SGD(1.0)), ("b", SGD(2.0))]):
        assert ParameterGroups([*others, ("*", SGD(0.25))]).learning_rate == 0.25


def test_a_frozen_parameter_is_left_alone():
    parameters = with_gradients(a=[1.0], b=[1.0])
    parameters["a"].trainable = False
    ParameterGroups([("a", SGD(1.0, weight_decay=0.5)), ("b", SGD(1.0))]).step(parameters)
    assert tensors(parameters) == {"a": [0], "b": [-1]}


# What all groups share.


def test_clipping_takes_all_groups_together():
    parameters = with_gradients(a=[3.0], b=[4.0])
    ParameterGroups([("a", SGD(1.0)), ("b", SGD(10.0))], clip_norm=1.0).step(parameters)
    np.testing.assert_allclose(parameters["a"].tensor, [-0.6])
    np.testing.assert_allclose(parameters["b"].tensor, [-8])


def test_clipping_of_one_group_sees_that_group_only():
    parameters = with_gradients(a=[3.0], b=[4.0])
    ParameterGroups([("a", SGD(1.0, clip_norm=1.0)), ("b", SGD(1.0))]).step(parameters)
    assert tensors(parameters) == {"a": [-1], "b": [-4]}


def test_clipping_by_value_reaches_all_groups():
    parameters = with_gradients(a=[3.0, -0.5], b=[-4.0])
    ParameterGroups([("a", SGD(1.0)), ("b", SGD(10.0))], clip_value=1.0).step(parameters)
    assert tensors(parameters) == {"a": [-1, 0.5], "b": [10]}


def test_gradients_of_several_calls_are_averaged_once():
    parameters = with_gradients(a=[2.0], b=[2.0])
    rule = ParameterGroups([("a", SGD(1.0)), ("b", Adam(0.5))], gradient_accumulation_steps=2)
    rule.step(parameters)
    assert tensors(parameters) == {"a": [0], "b": [0]}
    parameters["a"].accumulate(np.array([4.0]))
    rule.step(parameters)
    assert parameters["a"].tensor == [-3]
    assert parameters["b"].tensor == pytest.approx(-0.5)
    assert (rule.n_calls, rule.n_steps) == (2, 1)


# State.


def rules():
    return ParameterGroups([("a", SGD(0.1, momentum=0.9)), ("*", Adam(lambda step: 0.1 / (1 + step)))])


def train(rule, parameters, n_steps):
    for _ in range(n_steps):
        for one in parameters.values():
            one.accumulate(one.tensor - 1)
        rule.step(parameters)


def test_state_round_trip():
    parameters, rule = with_gradients(a=[0.0, 0.0], b=[0.0], c=[[0.0]]), rules()
    train(rule, parameters, 3)
    twins, resumed = copy.deepcopy(parameters), rules()
    resumed.load_state(copy.deepcopy(rule.state(parameters)), twins)
    train(rule, parameters, 3)
    train(resumed, twins, 3)
    assert (resumed.n_calls, resumed.n_steps) == (6, 6)
    assert tensors(twins) == tensors(parameters)


def test_state_names_the_parts():
    parameters, rule = with_gradients(a=[0.0], b=[0.0]), rules()
    train(rule, parameters, 1)
    state = rule.state(parameters)
    assert [list(group["slots"]) for group in state["groups"]] == [["a"], ["b"]]
    assert [sorted(group["slots"][path]) for group, path in zip(state["groups"], "ab", strict=True)] == [
        ["velocity"],
        ["m", "v"],
    ]


def test_load_state_refuses_what_does_not_fit():
    parameters, rule = with_gradients(a=[0.0], b=[0.0]), rules()
    train(rule, parameters, 1)
    state = rule.state(parameters)
    with pytest.raises(ValueError, match=r"Adam: the state does not fit these parameters; missing: c; unexpected: b\."):
        rules().load_state(state, {"a": parameters["a"], "c": parameters["b"]})
    three = ParameterGroups([("a", SGD(0.1)), ("b", SGD(0.1)), ("*", SGD(0.1))])
    with pytest.raises(ValueError, match=r"ParameterGroups: expected the state of 3 groups, got 2\."):
        three.load_state(state, parameters)
    with pytest.raises(
        ValueError, match=r"ParameterGroups: expected the state of 2 groups, got that of another rule\."
    ):
        rules().load_state(SGD(0.1).state(parameters), parameters)


# What it refuses.


SHARED = SGD(0.1)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda: ParameterGroups([]), TypeError, r"groups must be a list of pairs \(pattern, optimizer\), got \[\]\."),
        (lambda: ParameterGroups(SGD(0.1)), TypeError, r"groups must be a list of pairs .*, got <"),
        (lambda: ParameterGroups([SGD(0.1)]), TypeError, r"a group must be a pair \(pattern, optimizer\), got <"),
        (lambda: ParameterGroups([("*", 0.1)]), TypeError, r"a group must be a pair .*, got \('\*', 0\.1\)\."),
        (lambda: ParameterGroups([(3, SGD(0.1))]), TypeError, r"a group must be a pair .*, got \(3, "),
        (
            lambda: ParameterGroups([("a", SHARED), ("*", SHARED)]),
            ValueError,
            r"one optimizer stands in two groups\.\nHint: make one for each group\.",
        ),
        (
            lambda: ParameterGroups([("*.bias", SGD(0.1))]).step(with_gradients(a__weight=[1.0])),
            ValueError,
            r"no group fits the parameter a\.weight\.\nHint: end the list with \(\"\*\", optimizer\) for the rest\.",
        ),
        (
            lambda: ParameterGroups([("*", SGD(0.1))]).update(parameter([1.0])),
            RuntimeError,
            r"update needs a path to choose by\.\nHint: call step\(parameters\)\.",
        ),
    ],
)
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=f"^ParameterGroups: {words}"):
        run()
