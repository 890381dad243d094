#!/usr/bin/env python3
"""Writes Tests/Fixtures/autograd: values, gradients and optimiser trajectories of PyTorch in float64.

Run:  python Tests/Fixtures/generate_autograd.py        (torch 2.13.0, numpy 2.4)

Lines are "name; shape; values". Images are NHWC and filters RSCK, as in Nital. For each case there are
the inputs (x, w, b, ...), the output y, the weights g of the loss sum(g * y), and the gradients dx, dw, ...
"""
import pathlib

import numpy
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parent / "autograd"
torch.set_default_dtype(torch.float64)
rng = numpy.random.default_rng(4)


def tensor(*shape, scale=1.0):
    # Multiples of 2^-10: the same numbers in Float and Double, and short in text.
    values = numpy.round(rng.standard_normal(shape) * scale * 1024) / 1024
    return torch.tensor(values, requires_grad=True)


def text(array):
    values = numpy.asarray(array, dtype=numpy.float64)
    return " ".join(str(n) for n in values.shape) + "; " + " ".join("%.17g" % v for v in values.ravel())


class File:
    def __init__(self):
        self.lines = []

    def put(self, name, value, kind=None):
        value = value.detach().numpy() if torch.is_tensor(value) else numpy.asarray(value)
        if kind == "image":
            value = value.transpose(0, 2, 3, 1)
        if kind == "filter":  # (K, C, R, S) -> (R, S, C, K)
            value = value.transpose(2, 3, 1, 0)
        if kind == "matrix":
            value = value.T
        self.lines.append(f"{name}; {text(value)}")

    def case(self, name, y, inputs, kind="image"):
        """inputs: (name, tensor, kind) triples."""
        g = torch.tensor(numpy.round(rng.standard_normal(tuple(y.shape)) * 1024) / 1024)
        (y * g).sum().backward()
        self.put(f"{name} y", y, kind)
        self.put(f"{name} g", g, kind)
        for key, value, what in inputs:
            self.put(f"{name} {key}", value, what)
            if value.grad is not None:
                self.put(f"{name} d{key}", value.grad, what)

    def write(self, name):
        OUT.mkdir(exist_ok=True)
        (OUT / name).write_text("\n".join(self.lines) + "\n")


def convolutions():
    f = File()
    for i, (stride, padding, dilation, size) in enumerate(
            [(1, 1, 1, 3), (2, 1, 1, 3), (1, 2, 2, 3), (2, 2, 2, 3), (1, 0, 1, 1), (3, 0, 1, 2)]):
        x, w, b = tensor(2, 3, 6, 7), tensor(4, 3, size, size), tensor(4)
        y = F.conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation)
        f.case(f"conv{i}", y, [("x", x, "image"), ("w", w, "filter"), ("b", b, None)])
    for i, (stride, padding, output, size) in enumerate([(2, 0, 0, 2), (2, 1, 1, 3), (1, 1, 0, 3), (3, 0, 1, 2)]):
        x, w, b = tensor(2, 4, 4, 5), tensor(4, 3, size, size), tensor(3)
        y = F.conv_transpose2d(x, w, b, stride=stride, padding=padding, output_padding=output)
        f.case(f"transposed{i}", y, [("x", x, "image"), ("w", w, "filter"), ("b", b, None)])
    f.write("convolutions.txt")


def layers():
    f = File()
    x, w, b = tensor(4, 6), tensor(3, 6), tensor(3)
    f.case("linear", F.linear(x, w, b), [("x", x, None), ("w", w, "matrix"), ("b", b, None)], None)
    for training in (True, False):
        x, w, b = tensor(2, 3, 4, 5), tensor(3), tensor(3)
        mean, var = torch.tensor([0.25, -0.5, 0.125]), torch.tensor([1.5, 0.75, 2.0])
        name = "norm" if training else "norm_eval"
        f.put(f"{name} mean", mean)
        f.put(f"{name} var", var)
        y = F.batch_norm(x, mean, var, w, b, training=training, momentum=0.1, eps=1e-5)
        f.case(name, y, [("x", x, "image"), ("w", w, None), ("b", b, None)])
        f.put(f"{name} newmean", mean)
        f.put(f"{name} newvar", var)
    for name, function in [
            ("relu", F.relu), ("sigmoid", torch.sigmoid),
            ("maxpool", lambda x: F.max_pool2d(x, 2)),
            ("maxpool_overlap", lambda x: F.max_pool2d(x, 3, stride=2, padding=1)),
            ("avgpool", lambda x: F.avg_pool2d(x, 3, stride=2, padding=1)),
            ("adaptive", lambda x: F.adaptive_avg_pool2d(x, (3, 2))),
            ("bilinear", lambda x: F.interpolate(x, size=(13, 12), mode="bilinear", align_corners=False)),
            ("bilinear_corners", lambda x: F.interpolate(x, size=(13, 12), mode="bilinear", align_corners=True)),
    ]:
        x = tensor(2, 3, 6, 7)
        f.case(name, function(x), [("x", x, "image")])
    x = tensor(5, 7)
    f.case("logsoftmax", F.log_softmax(x, 1), [("x", x, None)], None)
    a, b = tensor(1, 2, 3, 4), tensor(1, 3, 3, 4)
    f.case("concat", torch.cat([a, b], 1), [("a", a, "image"), ("b", b, "image")])
    a, b = tensor(1, 2, 3, 4), tensor(1, 2, 3, 4)
    f.case("add", a + b, [("a", a, "image"), ("b", b, "image")])
    f.write("layers.txt")


def losses():
    f = File()

    def loss(name, value, inputs):
        value.backward()
        f.put(f"{name} y", value)
        for key, x, kind in inputs:
            f.put(f"{name} {key}", x, kind)
            if x.grad is not None:
                f.put(f"{name} d{key}", x.grad, kind)

    x, t = tensor(9, 5, scale=3), torch.tensor(rng.integers(0, 5, 9))
    w = torch.tensor([0.5, 1.0, 2.0, 0.25, 1.5])
    loss("ce", F.cross_entropy(x, t), [("x", x, None), ("t", t, None)])
    x = tensor(9, 5, scale=3)
    t[3] = -100
    loss("ce_weighted", F.cross_entropy(x, t, weight=w), [("x", x, None), ("t", t, None), ("w", w, None)])
    x, z = tensor(4, 6, scale=4), torch.tensor(numpy.round(rng.random((4, 6)) * 64) / 64)
    loss("bce", F.binary_cross_entropy_with_logits(x, z), [("x", x, None), ("z", z, None)])
    x, z = tensor(4, 6), torch.tensor((rng.random((4, 6)) < 0.4).astype(float))
    p = torch.sigmoid(x)
    loss("dice", 1 - (2 * (p * z).sum() + 1) / (p.sum() + z.sum() + 1), [("x", x, None), ("z", z, None)])
    for beta in (1.0, 0.5):
        x, z = tensor(4, 6, scale=2), torch.tensor(numpy.round(rng.standard_normal((4, 6)) * 64) / 64)
        loss(f"smooth{beta}", F.smooth_l1_loss(x, z, beta=beta), [("x", x, None), ("z", z, None)])
    x = tensor(1, 3, 5, 6)
    value = F.l1_loss(x[:, :, 1:], x[:, :, :-1]) + F.l1_loss(x[:, :, :, 1:], x[:, :, :, :-1])
    loss("continuity", value, [("x", x, "image")])
    f.write("losses.txt")


def optimisers():
    f = File()
    for name, make in [
            ("sgd", lambda p: torch.optim.SGD(p, lr=0.05)),
            ("momentum", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01, dampening=0.1)),
            ("nesterov", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)),
            ("adam", lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.02)),
            ("adamw", lambda p: torch.optim.AdamW(p, lr=0.01)),
    ]:
        # Least squares with a hidden rectification: 20 steps of all data.
        x, z = tensor(12, 4).detach(), tensor(12, 2).detach()
        a, b = tensor(6, 4, scale=0.5), tensor(2, 6, scale=0.5)
        for key, value, kind in [("x", x, None), ("z", z, None), ("a", a, "matrix"), ("b", b, "matrix")]:
            f.put(f"{name} {key}", value, kind)
        optimiser = make([a, b])
        losses = []
        for _ in range(20):
            optimiser.zero_grad()
            loss = F.smooth_l1_loss(F.linear(F.relu(F.linear(x, a)), b), z)
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        f.put(f"{name} losses", losses)
        f.put(f"{name} a20", a, "matrix")
        f.put(f"{name} b20", b, "matrix")
    for name, make in [
            ("step", lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5)),
            ("milestones", lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 5], 0.1)),
            ("exponential", lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
            ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 10, 0.01)),
            ("polynomial", lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 10, 2)),
            ("warmup", lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.25, 1.0, 4)),
    ]:
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        scheduler, rates = make(optimiser), []
        for _ in range(10):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step()
        f.put(f"rate {name}", rates)
    f.write("optimisers.txt")


def kanezaki():
    """Three steps of Kim's network at a small size, targets fixed by the first step's own argmax of 2 x 2 cells."""
    f = File()
    n, p, q = 12, 6, 5
    x = tensor(1, 3, n, n).detach()
    f.put("x", x, "image")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, p, 3, padding=1), torch.nn.ReLU(), torch.nn.BatchNorm2d(p),
        torch.nn.Conv2d(p, p, 3, padding=1), torch.nn.ReLU(), torch.nn.BatchNorm2d(p),
        torch.nn.Conv2d(p, q, 1), torch.nn.BatchNorm2d(q))
    for name, layer, norm in [("layer1", 0, 2), ("layer2", 3, 5), ("classifier", 6, 7)]:
        with torch.no_grad():
            for value in (net[layer].weight, net[layer].bias):
                value.copy_(torch.round(value * 1024) / 1024)
        f.put(f"{name}.weight", net[layer].weight, "filter")
        f.put(f"{name}.bias", net[layer].bias)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    cells = (numpy.arange(n)[:, None] // 2 * (n // 2) + numpy.arange(n)[None, :] // 2).ravel()
    for step in range(3):
        optimiser.zero_grad()
        y = net(x)[0].permute(1, 2, 0).reshape(-1, q)
        labels = y.argmax(1).numpy()
        refined = numpy.array([numpy.bincount(labels[cells == c], minlength=q).argmax() for c in cells])
        loss = F.cross_entropy(y, torch.tensor(refined))
        loss.backward()
        optimiser.step()
        f.put(f"loss{step}", float(loss.detach()))
        f.put(f"refined{step}", refined)
    f.put("after layer2.weight", net[3].weight, "filter")
    f.put("after classifier.scale", net[7].weight)
    f.write("kanezaki.txt")


convolutions()
layers()
losses()
optimisers()
kanezaki()
