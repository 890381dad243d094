#!/usr/bin/env python3
"""PyTorch's time and memory for the network of Kim, Inoue, Kasuya (2020), one iteration after another.

Run:  python Benchmarks/Peers/kanezaki.py [--size 1000] [--iterations 5] [--threads 2]
      [--layers 2] [--filters 100] [--classes 50] [--order relu-bn|bn-relu] [--channels-last]

Prints one JSON object: the median seconds of an iteration after one warm-up, all of them, and the
process's peak resident memory. The superpixel refinement is vectorised (one bincount an iteration),
not A. Kanezaki's Python loop over superpixels, so that the rival is as fast as PyTorch allows.
The superpixels are square cells of 4 x 4 pixels (62,500 at 1000 x 1000; the paper has 50,000).
Ours: `nital lab train --size 1000 --repeats 5`.
"""
import argparse
import json
import resource
import statistics
import time

import numpy
import torch
from torch import nn


def network(layers, filters, classes, order):
    parts, channels = [], 3
    for _ in range(layers):
        parts.append(nn.Conv2d(channels, filters, 3, padding=1))
        pair = [nn.ReLU(), nn.BatchNorm2d(filters)]
        parts += pair if order == "relu-bn" else pair[::-1]
        channels = filters
    parts += [nn.Conv2d(filters, classes, 1), nn.BatchNorm2d(classes)]
    return nn.Sequential(*parts)


def refine(target, superpixels, count, classes):
    """The most frequent label of each superpixel, for every pixel."""
    votes = torch.bincount(superpixels * classes + target, minlength=count * classes)
    return votes.view(count, classes).argmax(1)[superpixels]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--filters", type=int, default=100)
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--order", choices=["relu-bn", "bn-relu"], default="relu-bn")
    parser.add_argument("--channels-last", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    n = options.size
    image = torch.from_numpy(numpy.random.default_rng(0).random((1, 3, n, n), dtype=numpy.float32))
    cell = 4
    rows = torch.arange(n) // cell
    superpixels = (rows[:, None] * (rows[-1] + 1) + rows[None, :]).reshape(-1)
    count = int(superpixels.max()) + 1
    model = network(options.layers, options.filters, options.classes, options.order)
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    model.train()
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    seconds, processor, losses = [], [], []
    for _ in range(options.iterations + 1):
        start, used = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        output = model(image)[0].permute(1, 2, 0).reshape(-1, options.classes)
        target = output.argmax(1)
        refined = refine(target, superpixels, count, options.classes)
        loss = loss_of(output, refined)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    print(json.dumps({
        "torch": torch.__version__, "size": n, "threads": options.threads,
        "median_seconds": statistics.median(seconds[1:]), "seconds": seconds[1:],
        "median_processor_seconds": statistics.median(processor[1:]),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "losses": losses,
    }))


main()
