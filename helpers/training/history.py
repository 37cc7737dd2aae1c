"""What happened in each epoch of training."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class History:
    """What happened in each epoch.

    Attributes
    ----------
    loss, accuracy : list of float
        Means over the batches of the epoch, measured while the weights changed.
    validation_loss, validation_accuracy : list of float
        After the epoch; empty without validation images.
    learning_rate : list of float
        At the end of the epoch.
    seconds : list of float
    best_epoch : int or None
        Index of the epoch with the lowest validation loss.
    stopped : {"finished", "early stopping", "interrupted", "diverged"}
        Why training ended.
    """

    loss: list = dataclasses.field(default_factory=list)
    accuracy: list = dataclasses.field(default_factory=list)
    validation_loss: list = dataclasses.field(default_factory=list)
    validation_accuracy: list = dataclasses.field(default_factory=list)
    learning_rate: list = dataclasses.field(default_factory=list)
    seconds: list = dataclasses.field(default_factory=list)
    stopped: str = "finished"

    @classmethod
    def from_record(cls, record, epochs):
        """A history from what `dataclasses.asdict` made of one, to go on with.

        Parameters
        ----------
        record : dict
        epochs : int
            How many epochs it must tell of.

        Raises
        ------
        TypeError, ValueError
            If it is no such record.
        """
        history = cls(**record)
        for field in dataclasses.fields(cls)[:-1]:
            values = getattr(history, field.name)
            known = len(values) == epochs or (not values and field.name.startswith("validation"))
            if not known or not all(isinstance(value, float) for value in values):
                raise ValueError(f"the history's {field.name} is not one number an epoch")
        history.stopped = "finished"
        return history

    @property
    def epochs(self):
        """Number of epochs begun."""
        return len(self.loss)

    @property
    def best_epoch(self):
        losses = self.validation_loss
        return int(np.argmin(losses)) if losses else None

    def latest(self):
        """The latest epoch in words."""
        text = f"loss {self.loss[-1]:.4f}  accuracy {self.accuracy[-1]:.2%}"
        if self.validation_loss:
            text += f"  validation loss {self.validation_loss[-1]:.4f}"
            text += f"  accuracy {self.validation_accuracy[-1]:.2%}"
        return f"{text}  {self.seconds[-1]:.1f} s"
