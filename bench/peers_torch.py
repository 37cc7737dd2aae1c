"""The networks of the course in PyTorch, each form as its documentation advises for the CPU."""

import time

import torch
from torch import nn

from bench.peers import LEARNING_RATE, batches
from helpers.threads import physical_cores


def make(form, net, batch_size):
    """See `bench.peers.make`; form is "eager", "channels_last" or "compile"."""
    return _Torch(form, net, batch_size)


class _Torch:
    """One thread for each physical core; Adam in its fused form, the fastest one.

    Batches are indexed out of tensors that are there, which is faster than a DataLoader.
    """

    def __init__(self, form, net, batch_size):
        torch.set_num_threads(physical_cores())
        torch.manual_seed(0)
        self.batch_size = batch_size
        self.layers = _layers(net)
        self.model = nn.Sequential(*self.layers)
        self.format = torch.contiguous_format
        if form == "channels_last":
            self.format = torch.channels_last
            self.model.to(memory_format=self.format)
        compiled = torch.compile if form == "compile" else _as_it_is
        self.loss = compiled(self._loss)
        self.predict = compiled(self._predict)
        self.optimizer = torch.optim.Adam(self._groups(net), lr=LEARNING_RATE, fused=True)

    def _groups(self, net):
        """Parameters by their L2 penalty; PyTorch adds its gradient inside Adam."""
        for layer, ours in zip(self.layers, net.layers, strict=True):
            decay = getattr(ours, "l2", 0.0)
            for name, value in layer.named_parameters():
                yield {"params": [value], "weight_decay": decay if name == "weight" else 0.0}

    def _loss(self, images, labels):
        return nn.functional.cross_entropy(self.model(images), labels)

    def _predict(self, images):
        return self.model(images).softmax(1)

    def load(self, images, labels):
        self.images, self.labels = torch.from_numpy(images), torch.from_numpy(labels)
        self.images = self.images.contiguous(memory_format=self.format)

    def train(self, count, epochs, warm=True):
        self.model.train()
        if warm:
            self._step(torch.arange(self.batch_size))
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            for batch in batches(torch.randperm(count), self.batch_size):
                self._step(batch)
            seconds.append(time.perf_counter() - start)
        return seconds

    def _step(self, batch):
        self.optimizer.zero_grad()
        self.loss(self.images[batch], self.labels[batch]).backward()
        self.optimizer.step()

    def probabilities(self, images):
        self.model.eval()
        with torch.inference_mode():
            images = torch.from_numpy(images).contiguous(memory_format=self.format)
            return self.predict(images).numpy()

    def gradients(self, images, labels):
        self.model.train()
        self.optimizer.zero_grad()
        images = torch.from_numpy(images).contiguous(memory_format=self.format)
        self.loss(images, torch.from_numpy(labels)).backward()
        found = []
        for group in self.optimizer.param_groups:
            (value,) = group["params"]
            gradient = value.grad + group["weight_decay"] * value.detach()
            found.append(gradient.numpy())
        linear = [isinstance(layer, nn.Linear) for layer in self.layers for _ in layer.parameters()]
        return [g.T if flip else g for g, flip in zip(found, linear, strict=True)]


def _as_it_is(function):
    return function


def _layers(net):
    shape, made = net.input_shape, []
    for layer in net.layers:
        made.append(_layer(layer, shape))
        shape = layer.output_shape(shape)
    return made


def _layer(layer, shape):
    """PyTorch's layer for one of ours that takes inputs of `shape`, with the same values."""
    match type(layer).__name__:
        case "Conv2D":
            sizes = layer.channels, layer.filters, layer.kernel_size, layer.stride, layer.padding
            made = nn.Conv2d(*sizes)
        case "Dense":
            made = nn.Linear(layer.inputs, layer.outputs)
        case "BatchNorm":
            kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
            made = kind(layer.features, eps=layer.epsilon, momentum=1 - layer.momentum)
        case "MaxPool2D":
            made = nn.MaxPool2d(layer.pool_size, layer.stride)
        case "Dropout":
            made = nn.Dropout(layer.rate)
        case "ReLU":
            made = nn.ReLU()
        case "Flatten":
            made = nn.Flatten()
        case _:
            raise ValueError(f"there is no PyTorch form of {layer!r} here")
    _fill(made, layer)
    return made


def _fill(made, layer):
    """Copy parameters and running statistics; ours has the weight of Dense as (inputs, outputs)."""
    values = layer.params | {name: getattr(layer, name) for name in layer.statistics}
    for name, value in values.items():
        tensor = torch.tensor(value.T if isinstance(made, nn.Linear) else value)
        name = {"gamma": "weight", "beta": "bias"}.get(name, name)
        if name in dict(made.named_parameters()):
            setattr(made, name, nn.Parameter(tensor))
        else:
            setattr(made, name, tensor)
