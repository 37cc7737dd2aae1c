"""SGD, momentum, RMSProp and Adam against their formulas, one number at a time."""

import math

import numpy as np
import pytest

from helpers.optimizers import SGD, Adam, Momentum, RMSProp

SHAPES = [(3, 4), (4,), (2, 3, 2, 2), (1,), (1, 1)]


def sgd(w, g, state, t, lr):
    return w - lr * g


def momentum(w, g, state, t, lr, momentum=0.9):
    state["v"] = momentum * state.get("v", 0.0) + g
    return w - lr * state["v"]


def rmsprop(w, g, state, t, lr, rho=0.9, epsilon=1e-7):
    state["s"] = rho * state.get("s", 0.0) + (1 - rho) * g**2
    return w - lr * g / (math.sqrt(state["s"]) + epsilon)


def adam(w, g, state, t, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
    state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
    m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
    return w - lr * m / (math.sqrt(v) + epsilon)


CASES = [
    (SGD, {}, sgd),
    (Momentum, {}, momentum),
    (Momentum, {"momentum": 0.5}, momentum),
    (RMSProp, {}, rmsprop),
    (RMSProp, {"rho": 0.99, "epsilon": 1e-3}, rmsprop),
    (Adam, {}, adam),
    (Adam, {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-2}, adam),
]
each_optimizer = pytest.mark.parametrize("optimizer", [SGD, Momentum, RMSProp, Adam])


def arrays(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(
    ("optimizer", "options", "formula"),
    CASES,
    ids=[f"{c.__name__} {o}" if o else c.__name__ for c, o, _ in CASES],
)
def test_ten_steps_agree_with_the_formula(optimizer, options, formula, weight_decay):
    params = arrays(0)
    expected = [p.copy() for p in params]
    states = [[{} for _ in range(p.size)] for p in params]
    made = optimizer(learning_rate=0.02, weight_decay=weight_decay, **options)
    for t in range(1, 11):
        grads = arrays(t)
        made.update(params, grads)
        for want, grad, state in zip(expected, grads, states, strict=True):
            # L2 is for weights and filters, not for biases.
            decay = weight_decay if want.ndim > 1 else 0.0
            for i, w in enumerate(want.ravel().tolist()):
                g = float(grad.flat[i]) + decay * w
                want.flat[i] = formula(w, g, state[i], t, 0.02, **options)
    assert made.steps == 10
    for found, want in zip(params, expected, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-14)


@each_optimizer
def test_parameters_change_in_place_and_gradients_do_not(optimizer):
    params, grads = arrays(0, np.float32), arrays(1, np.float32)
    same, before = list(params), [p.copy() for p in params]
    for grad in grads:
        grad.flags.writeable = False
    optimizer(learning_rate=0.1, weight_decay=0.1).update(params, grads)
    for param, array, old in zip(params, same, before, strict=True):
        assert param is array and param.dtype == np.float32
        assert not np.array_equal(param, old)


@each_optimizer
def test_views_of_one_block_are_updated(optimizer):
    block, apart = np.ones(6), [np.ones((2, 2)), np.ones(2)]
    views, grads = [block[:4].reshape(2, 2), block[4:]], [np.full((2, 2), 0.5), np.full(2, -2.0)]
    one, other = optimizer(learning_rate=0.1), optimizer(learning_rate=0.1)
    for _ in range(3):
        one.update(views, grads)
        other.update(apart, grads)
    np.testing.assert_array_equal(block, np.concatenate([a.ravel() for a in apart]))


@each_optimizer
def test_a_zero_gradient_changes_nothing_at_first(optimizer):
    param = np.array([1.0, -2.0])
    optimizer(learning_rate=0.1).update([param], [np.zeros(2)])
    np.testing.assert_array_equal(param, [1.0, -2.0])


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_the_learning_rate(size):
    param = np.zeros(2)
    Adam(learning_rate=0.01).update([param], [np.array([size, -size])])
    np.testing.assert_allclose(param, [-0.01, 0.01], rtol=1e-3)


@pytest.mark.parametrize(
    ("optimizer", "rate"), [(SGD, 0.1), (Momentum, 0.02), (RMSProp, 0.02), (Adam, 0.05)]
)
def test_a_bowl_is_descended(optimizer, rate):
    made, target = optimizer(learning_rate=rate), np.array([[1.0, -2.0], [3.0, 0.5]])
    param = np.zeros((2, 2))
    for _ in range(500):
        made.update([param], [param - target])
    np.testing.assert_allclose(param, target, atol=0.05)


def test_the_learning_rate_may_change_between_steps():
    made, param = SGD(learning_rate=1.0), np.array([0.0])
    made.update([param], [np.array([1.0])])
    made.learning_rate = 0.5
    made.update([param], [np.array([1.0])])
    assert param[0] == -1.5


@each_optimizer
def test_state_taken_over_goes_on_to_the_bit(optimizer):
    params, made = arrays(0), optimizer(learning_rate=0.02)
    for t in range(3):
        made.update(params, arrays(t))
    copies, again = [p.copy() for p in params], optimizer(learning_rate=0.02)
    state = made.state()
    again.restore(state)
    made.update(params, arrays(9))
    again.update(copies, arrays(9))
    assert again.steps == made.steps == 4
    for one, other in zip(params, copies, strict=True):
        np.testing.assert_array_equal(one, other)


@each_optimizer
def test_two_optimizers_share_nothing(optimizer):
    one, other = [np.ones(2)], [np.ones(2)]
    first = optimizer(learning_rate=0.1)
    first.update(one, [np.array([1.0, 2.0])])
    optimizer(learning_rate=0.1).update(other, [np.array([1.0, 2.0])])
    np.testing.assert_array_equal(one[0], other[0])


@each_optimizer
def test_lists_that_do_not_match_are_named_and_nothing_changes(optimizer):
    params, made = [np.ones((2, 2)), np.ones(2)], optimizer(learning_rate=0.1)
    with pytest.raises(ValueError, match="2 parameters, but 1 gradients"):
        made.update(params, [np.ones((2, 2))])
    with pytest.raises(ValueError, match=r"parameter 1.*\(2,\).*\(3,\)"):
        made.update(params, [np.ones((2, 2)), np.ones(3)])
    assert made.steps == 0
    assert all((p == 1).all() for p in params)


@pytest.mark.parametrize("optimizer", [Momentum, RMSProp, Adam])
def test_parameters_of_another_network_are_named(optimizer):
    made = optimizer(learning_rate=0.1)
    made.update([np.ones((2, 2)), np.ones(2)], [np.ones((2, 2)), np.ones(2)])
    for shapes in ([(2, 2)], [(2, 2), (3,)], [(2,), (2, 2)]):
        params = [np.ones(shape) for shape in shapes]
        with pytest.raises(ValueError, match="earlier steps"):
            made.update(params, [np.ones(shape) for shape in shapes])
        assert all((p == 1).all() for p in params) and made.steps == 1


@pytest.mark.parametrize(
    ("optimizer", "options", "message"),
    [
        (SGD, {"learning_rate": 0.0}, "learning_rate"),
        (SGD, {"learning_rate": -0.1}, "learning_rate"),
        (Adam, {"learning_rate": math.nan}, "learning_rate"),
        (Adam, {"learning_rate": math.inf}, "learning_rate"),
        (SGD, {"weight_decay": -1e-4}, "weight_decay"),
        (SGD, {"weight_decay": math.nan}, "weight_decay"),
        (Momentum, {"momentum": 1.0}, "momentum"),
        (Momentum, {"momentum": -0.1}, "momentum"),
        (RMSProp, {"rho": 1.5}, "rho"),
        (RMSProp, {"epsilon": 0.0}, "epsilon"),
        (Adam, {"beta1": 1.0}, "beta1"),
        (Adam, {"beta2": -0.5}, "beta2"),
        (Adam, {"epsilon": -1e-8}, "epsilon"),
    ],
)
def test_bad_arguments_are_named(optimizer, options, message):
    with pytest.raises(ValueError, match=message):
        optimizer(**options)


def test_repr_says_what_it_is():
    assert repr(Adam()) == "Adam(learning_rate=0.001)"
    assert repr(Momentum(0.1, momentum=0.5)) == "Momentum(learning_rate=0.1, momentum=0.5)"
    assert repr(SGD(0.1, weight_decay=1e-4)) == "SGD(learning_rate=0.1, weight_decay=0.0001)"
