"""The recipes: how each network of the course is trained.

A network has up to four recipes: "known", with which others reached what is known of it; "best",
ours; "fast", for a classroom; and "sample", for the 5,000 digits that come with the course. What is
in ours was chosen on validation images.
"""

import dataclasses
import functools

import numpy as np

from helpers.augmentation import Augmentation
from helpers.optimizers import SGD, Adam
from helpers.schedules import one_cycle

KINDS = ("best", "known", "fast", "sample")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    optimizer : callable
        Makes a new optimizer.
    epochs, batch_size : int
    schedule, augment
        As for `helpers.training.fit`.
    validation_share : float
        Share of the training images that are kept for validation, above 0.
    images : int or None
        Train on so many images only, the first in the file.
    sample : bool
        Train on the sample's training digits and validate on its test digits. The test images are
        still those of the source: none of them is in the sample of MNIST's training images.
    nonsense : float
        Pictures that are no digits (`helpers.nonsense`) are added to the training images, this
        share of their number: the network learns to be sure of none. At least 0.
    calibrate : bool
        Divide the logits, after training, by the temperature that suits the validation images.
    """

    optimizer: object
    epochs: int
    batch_size: int
    schedule: object = None
    augment: object = None
    validation_share: float = 0.1
    images: int | None = None
    sample: bool = False
    nonsense: float = 0.0
    calibrate: bool = False

    def __post_init__(self):
        if not 0 <= self.nonsense < np.inf:
            raise ValueError(f"nonsense must be a share of at least 0, not {self.nonsense!r}")

    def settings(self):
        """The settings as plain values and text."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for added in ("nonsense", "calibrate"):  # the records of older recipes are without
            if not plain[added]:
                del plain[added]
        return plain | {
            "optimizer": repr(self.optimizer()),
            "schedule": None if self.schedule is None else repr(self.schedule),
            "augment": None if self.augment is None else repr(self.augment),
        }


_ADAM = functools.partial(Adam, 0.001)
_SCHEDULE = one_cycle(warmup=0.15)
# Which suits was seen on validation images: networks without pooling, or with little room, cannot
# learn large shifts as well; much room and a long training can take more of everything.
_GENTLE = Augmentation(shift=1, rotation=8, scale=0.08, slant=0.15, elastic=0.7)
_WIDE = Augmentation(shift=1.5, rotation=10, scale=0.1, slant=0.15, elastic=0.4)
_FAR = Augmentation(shift=2, rotation=12, scale=0.13, slant=0.2, elastic=0.6)
_NARROW = Augmentation(shift=0.7, rotation=8, scale=0.08, slant=0.12, elastic=0.4)


def _best(epochs, augment, learning_rate=0.003, batch_size=128, **settings):
    optimizer = functools.partial(Adam, learning_rate)
    return Recipe(optimizer, epochs, batch_size, schedule=_SCHEDULE, augment=augment, **settings)


RECIPES = {
    "tiny_cnn": {
        "known": Recipe(functools.partial(SGD, 0.001), 3, 1, images=5000),
        "best": _best(25, _NARROW, learning_rate=0.01),
    },
    "mlp": {"known": Recipe(_ADAM, 10, 128), "best": _best(40, _GENTLE)},
    "small_cnn": {
        "known": Recipe(_ADAM, 10, 128, validation_share=0.2),
        "best": _best(20, _WIDE),
        "fast": _best(8, _WIDE),
    },
    "classic_cnn": {"known": Recipe(_ADAM, 10, 64), "best": _best(15, _WIDE)},
    "deep_cnn": {
        "known": Recipe(_ADAM, 10, 64),
        "best": _best(30, _WIDE),
        "fast": _best(5, _WIDE),
        "sample": _best(150, _WIDE, batch_size=64, sample=True),
    },
    "best_cnn": {"best": _best(36, _FAR, nonsense=0.03, calibrate=True)},
}
