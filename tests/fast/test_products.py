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
