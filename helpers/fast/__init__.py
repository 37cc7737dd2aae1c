"""The arithmetic of the layers, fast: what stands behind them, and nobody else needs to know.

`convolution`, `winograd`, `pooling` and `products` compute; `order` and `work_arrays` say where
arrays lie; `recording` plays a training step again; `warping` bends images for augmentation.
"""

__all__ = [
    "convolution",
    "order",
    "pooling",
    "products",
    "recording",
    "warping",
    "winograd",
    "work_arrays",
]
