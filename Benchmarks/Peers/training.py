#!/usr/bin/env python3
"""Training steps of nital beside PyTorch: a U-Net and ResNet18, forward, backward and SGD, in turn.

    python training.py [--networks unet,resnet18] [--threads 2,1] [--rounds 3] [--steps 5]
                       [--batch 16] [--base 16] [--nital ../../.build/release/nital]

Needs torch (PyPI). The networks are those of Sources/nital/LabStepNetworks.swift on random pixels:
U-Net (five levels from `base` channels, batch normalisation, transposed convolutions) at 256 x 256,
BCE with logits; ResNet18 at 224 x 224, 10 classes, cross-entropy; SGD of learning rate 0.01 and
momentum 0.9. PyTorch runs both memory formats, channels-last and its default, and the faster one is
the rival. Each contender is a process of its own, so that its peak memory can be told, and takes one
step to warm up; the median over the steps of all rounds is printed, with the ratio to the rival.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

FORMATS = {"channels-last": True, "default format": False}


def pair(nn, c, k, size=3, stride=1):
    return nn.Sequential(
        nn.Conv2d(c, k, size, stride, size // 2, bias=False), nn.BatchNorm2d(k), nn.ReLU(inplace=True))


def unet(base):
    import torch
    from torch import nn

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            k = [base << i for i in range(5)]
            double = lambda c, k: nn.Sequential(pair(nn, c, k), pair(nn, k, k))
            self.down = nn.ModuleList(double(c, n) for c, n in zip([1] + k, k))
            self.up = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, 2) for n in k[:4])
            self.side = nn.ModuleList(double(2 * n, n) for n in k[:4])
            self.last = nn.Conv2d(base, 1, 1)

        def forward(self, x):
            skips = []
            for level, block in enumerate(self.down):
                if level:
                    skips.append(x)
                    x = nn.functional.max_pool2d(x, 2)
                x = block(x)
            for level in reversed(range(4)):
                x = self.side[level](torch.cat([skips[level], self.up[level](x)], 1))
            return self.last(x)

    return UNet()


def resnet18():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, c, k, stride):
            super().__init__()
            self.first = pair(nn, c, k, 3, stride)
            self.second = nn.Sequential(nn.Conv2d(k, k, 3, 1, 1, bias=False), nn.BatchNorm2d(k))
            self.side = nn.Sequential() if stride == 1 else nn.Sequential(
                nn.Conv2d(c, k, 1, 2, bias=False), nn.BatchNorm2d(k))

        def forward(self, x):
            return torch.relu_(self.second(self.first(x)) + self.side(x))

    blocks, c = [], 64
    for stage, k in enumerate([64, 128, 256, 512]):
        blocks += [Block(c, k, 2 if stage else 1), Block(k, k, 1)]
        c = k
    return nn.Sequential(
        pair(nn, 3, 64, 7, 2), nn.MaxPool2d(3, 2, 1), *blocks, nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(512, 10))


def torch_steps(options):
    """The seconds of each step after a first one, of this process."""
    import torch
    from torch import nn

    torch.set_num_threads(options.worker_threads)
    torch.manual_seed(0)
    side = 256 if options.network == "unet" else 224
    if options.network == "unet":
        model, images = unet(options.base), torch.randn(options.batch, 1, side, side)
        targets = torch.randint(2, images.shape).float()
        loss_of = nn.BCEWithLogitsLoss()
    else:
        model, images = resnet18(), torch.randn(options.batch, 3, side, side)
        targets = torch.randint(10, (options.batch,))
        loss_of = nn.CrossEntropyLoss()
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    seconds, losses = [], []
    for _ in range(options.steps + 1):
        began = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(model(images), targets)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        seconds.append(time.perf_counter() - began)
    print(json.dumps({
        "seconds": seconds[1:], "losses": losses,
        "parameters": sum(p.numel() for p in model.parameters()),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def process(words):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{words}\n{result.stderr}")
    return json.loads(result.stdout)


def contenders(options, network, threads):
    common = ["--batch", options.batch, "--base", options.base]
    runs = {"nital": [options.nital, "lab", "step", network, "--repeats", options.steps, "-j", threads,
                      *common]}
    for name, last in FORMATS.items():
        runs[name] = [sys.executable, __file__, "--network", network, "--worker-threads", threads,
                      "--steps", options.steps, *common, *(["--channels-last"] if last else [])]
    return runs


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", default="unet,resnet18")
    parser.add_argument("--threads", default="2,1")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--base", type=int, default=16)
    parser.add_argument("--nital", default=str(root / ".build/release/nital"))
    parser.add_argument("--network", help=argparse.SUPPRESS)
    parser.add_argument("--worker-threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--channels-last", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.network:
        return torch_steps(options)
    print("| network | batch | threads | nital s | PyTorch channels-last s | default format s | ratio | "
          "nital MB | PyTorch MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for network in options.networks.split(","):
        for threads in map(int, options.threads.split(",")):
            seconds, memory = {}, {}
            for _ in range(options.rounds):
                for name, words in contenders(options, network, threads).items():
                    result = process(words)
                    seconds.setdefault(name, []).extend(result["seconds"])
                    memory[name] = max(memory.get(name, 0), result["peak_bytes"])
            t = {name: statistics.median(values) for name, values in seconds.items()}
            rival = min(FORMATS, key=t.get)
            print(f"| {network} | {options.batch} | {threads} | {t['nital']:.3f} | "
                  f"{t['channels-last']:.3f} | {t['default format']:.3f} | "
                  f"{t['nital'] / t[rival]:.2f} | {memory['nital'] / 1e6:.0f} | "
                  f"{memory[rival] / 1e6:.0f} |", flush=True)


main()
