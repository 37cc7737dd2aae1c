"""Products in parts are the products, whatever the parts."""

import numpy as np
import pytest

from helpers.fast import products, work_arrays

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("rows", [1, 7, 784, 1009, 1600])
@pytest.mark.parametrize("batch", [1, 3, 64, 900])
def test_both_products(rows, batch):
    weight = RNG.standard_normal((rows, 128))
    x, dy = RNG.standard_normal((rows, batch)), RNG.standard_normal((128, batch))
    found = products.transposed_times(weight, x, np.empty((128, batch)), work_arrays.Fresh())
    np.testing.assert_allclose(found, weight.T @ x, rtol=1e-10, atol=1e-10)
    found = products.times(weight, dy, np.empty((rows, batch)))
    np.testing.assert_allclose(found, weight @ dy, rtol=1e-10, atol=1e-10)


def test_rows_of_images_need_not_be_contiguous():
    weight, images = RNG.standard_normal((784, 128)), RNG.standard_normal((64, 784))
    found = products.transposed_times(weight, images.T, np.empty((128, 64)), work_arrays.Fresh())
    np.testing.assert_allclose(found, (images @ weight).T, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("rows", "multiplications", "most", "parts"),
    [
        (784, 128 * 8, 16, 1),  # small as it is
        (784, 128 * 64, 16, 7),  # 112 rows a part; 6 does not divide, 4 leaves too much
        (1600, 128 * 64, 16, 16),
        (1009, 128 * 64, 16, None),  # a prime
        (784, 128 * 900, 16, None),  # more images than 16 parts make small
        (24, 64 * 32 * 64, 24, 4),  # of Winograd's columns there may be as many parts as columns
        (24, 10**6, 24, 24),
        (24, 10**6 + 1, 24, None),
        (1, 10**6, 16, 1),
    ],
)
def test_the_plan_cuts_rows_into_the_fewest_parts_that_are_small(
    rows, multiplications, most, parts
):
    assert products.small_parts(rows, multiplications, most) == parts


def test_what_is_multiplied_follows_the_plan(monkeypatch):
    """A test of speed would be a test of the machine; this is one of the shapes that BLAS gets."""
    seen, matmul = [], np.matmul
    monkeypatch.setattr(
        products.np, "matmul", lambda a, b, out: seen.append(a.shape) or matmul(a, b, out=out)
    )
    weight, x, dy = (RNG.standard_normal(shape) for shape in ((784, 128), (784, 64), (128, 64)))
    products.transposed_times(weight, x, np.empty((128, 64)), work_arrays.Fresh())
    products.times(weight, dy, np.empty((784, 64)))
    products.times(weight, RNG.standard_normal((128, 900)), np.empty((784, 900)))
    assert seen == [(7, 128, 112), (7, 112, 128), (1, 784, 128)]
