#!/usr/bin/env python3
"""Forward networks of nital beside PyTorch, ONNX Runtime and OpenVINO: same weights, in turn, one run.

    python networks.py [--networks vgg16,resnet18] [--batches 1,8] [--threads 1,2] [--rounds 3]
                       [--nital ../../.build/release/nital] [--folder /tmp/nital-networks]

Needs torch, onnx, onnxruntime, openvino, numpy (PyPI). Weights are He-scaled random numbers of a seeded
generator, written once as safetensors with torchvision's names. Each round runs every contender once,
in a process of its own (so that its peak memory can be told), after a warm-up; the median over all
rounds is printed in seconds an image, with the ratio to the fastest rival and the peak memory. The first
line of a network states how far nital's values are from PyTorch's: cosine and max|a-b| / max|b|. All
contenders compute in float32; OpenVINO is told so. The rival `openvino-default` is OpenVINO without that: it
prints the precision that it takes (bf16 where the processor has it), and is not counted as the fastest.
"""
import argparse
import collections
import json
import os
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import time

import numpy as np

LAYERS = {"vgg16": "classifier.0", "resnet18": "avgpool", "squeezenet": "features.12", "alexnet": "classifier.4"}
RIVALS = ["torch", "onnx", "openvino"]


def network(name):
    """The network up to its layer in LAYERS, with torchvision's names, He-scaled weights, seed 7."""
    import torch
    from torch import nn

    def conv(c, k, size, stride=1, pad=0, bias=True):
        return nn.Conv2d(c, k, size, stride, pad, bias=bias)

    class VGG(nn.Module):
        def __init__(self):
            super().__init__()
            layers, c = [], 3
            for widths in [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]:
                for k in widths:
                    layers += [conv(c, k, 3, 1, 1), nn.ReLU()]
                    c = k
                layers.append(nn.MaxPool2d(2))
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Sequential(nn.Linear(25088, 4096))

        def forward(self, x):
            return self.classifier(torch.flatten(self.features(x), 1))

    class Alex(nn.Module):
        def __init__(self):
            super().__init__()
            r, p = nn.ReLU, lambda: nn.MaxPool2d(3, 2)
            self.features = nn.Sequential(
                conv(3, 64, 11, 4, 2), r(), p(), conv(64, 192, 5, 1, 2), r(), p(), conv(192, 384, 3, 1, 1), r(),
                conv(384, 256, 3, 1, 1), r(), conv(256, 256, 3, 1, 1), r(), p())
            self.classifier = nn.Sequential(
                nn.Identity(), nn.Linear(9216, 4096), nn.ReLU(), nn.Identity(), nn.Linear(4096, 4096))

        def forward(self, x):
            return self.classifier(torch.flatten(self.features(x), 1))

    class Block(nn.Module):
        def __init__(self, c, k, stride):
            super().__init__()
            self.conv1, self.bn1 = conv(c, k, 3, stride, 1, False), nn.BatchNorm2d(k)
            self.conv2, self.bn2 = conv(k, k, 3, 1, 1, False), nn.BatchNorm2d(k)
            self.downsample = nn.Sequential(conv(c, k, 1, 2, 0, False), nn.BatchNorm2d(k)) if stride == 2 else None

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            return torch.relu(y + (self.downsample(x) if self.downsample else x))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = conv(3, 64, 7, 2, 3, False), nn.BatchNorm2d(64)
            for stage, (c, k) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)]):
                blocks = nn.Sequential(Block(c, k, 2 if stage else 1), Block(k, k, 1))
                setattr(self, f"layer{stage + 1}", blocks)

        def forward(self, x):
            x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)

    class Fire(nn.Module):
        def __init__(self, c, s):
            super().__init__()
            self.squeeze, self.expand1x1, self.expand3x3 = conv(c, s, 1), conv(s, 4 * s, 1), conv(s, 4 * s, 3, 1, 1)

        def forward(self, x):
            x = torch.relu(self.squeeze(x))
            return torch.cat([torch.relu(self.expand1x1(x)), torch.relu(self.expand3x3(x))], 1)

    class Squeeze(nn.Module):
        def __init__(self):
            super().__init__()
            p = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
            self.features = nn.Sequential(
                conv(3, 64, 3, 2), nn.ReLU(), p(), Fire(64, 16), Fire(128, 16), p(), Fire(128, 32), Fire(256, 32), p(),
                Fire(256, 48), Fire(384, 48), Fire(384, 64), Fire(512, 64))
            self.classifier = nn.Sequential(nn.Identity(), conv(512, 1000, 1))

        def forward(self, x):
            return self.features(x)

    torch.manual_seed(7)
    model = {"vgg16": VGG, "alexnet": Alex, "resnet18": ResNet, "squeezenet": Squeeze}[name]().eval()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    module.bias.uniform_(-0.1, 0.1)
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)
    return model


def write_safetensors(path, tensors):
    """Name to float32 array."""
    header, offset = {}, 0
    for name, values in tensors.items():
        end = offset + values.nbytes
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values).tobytes())


def images(batch):
    return np.random.default_rng(3).standard_normal((batch, 3, 224, 224), dtype=np.float32)


def prepare(folder, name, batches):
    """Writes weights, images, ONNX files and PyTorch's values."""
    import torch

    weights = folder / f"{name}.safetensors"
    model = network(name)
    if not weights.exists():
        tensors = {k: v.numpy() for k, v in model.state_dict().items() if v.dtype == torch.float32}
        write_safetensors(weights, tensors)
    for batch in batches:
        x = images(batch)
        np.save(folder / f"images{batch}.npy", np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
        onnx = folder / f"{name}_{batch}.onnx"
        if not onnx.exists():
            with torch.no_grad():
                y = model(torch.from_numpy(x))
                if y.ndim == 4:
                    y = y.permute(0, 2, 3, 1).flatten(1)
                np.save(folder / f"{name}_{batch}_expected.npy", y.numpy())
                torch.onnx.export(model, (torch.from_numpy(x),), str(onnx), dynamo=False)


def worker(rival, folder, name, batch, threads, repeat):
    """Runs one rival in this process; prints its seconds a batch and peak memory."""
    x = images(batch)
    if rival == "torch":
        import torch

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        model = network(name).to(memory_format=torch.channels_last)
        model = torch.jit.optimize_for_inference(torch.jit.trace(
            model, torch.from_numpy(x).to(memory_format=torch.channels_last)))
        tensor = torch.from_numpy(x).to(memory_format=torch.channels_last)
        run = lambda: model(tensor)
    elif rival == "onnx":
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = ort.InferenceSession(f"{folder}/{name}_{batch}.onnx", options, ["CPUExecutionProvider"])
        key = session.get_inputs()[0].name
        run = lambda: session.run(None, {key: x})
    else:
        run = openvino_run(f"{folder}/{name}_{batch}.onnx", x, threads, rival == "openvino-default")
    seconds = []
    for _ in range(repeat + 2):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds[2:], "peak": peak}))


def openvino_run(path, x, threads, is_default):
    """A call of OpenVINO in float32, or in the precision that it chooses itself, which is printed."""
    import openvino as ov

    config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    if not is_default:
        config["INFERENCE_PRECISION_HINT"] = "f32"
    model = ov.Core().compile_model(path, "CPU", config)
    if is_default:
        layers = [op.get_rt_info() for op in model.get_runtime_model().get_ops()]
        used = collections.Counter((i["layerType"].astype(str), i["runtimePrecision"].astype(str)) for i in layers)
        heavy = ", ".join(f"{n} x {kind} in {precision}" for (kind, precision), n in sorted(used.items())
                          if kind in ("Convolution", "FullyConnected"))
        print(f"OpenVINO {ov.__version__} by default: {heavy}", file=sys.stderr)
    request = model.create_infer_request()
    return lambda: request.infer([x])


def measure(command, threads):
    """Seconds of the runs after the first two, and the peak memory in MB."""
    clean = {k: v for k, v in os.environ.items() if "OPENBLAS" not in k and not k.endswith("_NUM_THREADS")}
    clean["NITAL_THREADS"] = str(threads)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    line = text.strip().splitlines()[-1]
    if line.startswith("{"):
        result = json.loads(line)
        return result["seconds"], result["peak"]
    return json.loads(line)[2:], usage.ru_maxrss / 1024


def agreement(ours, expected):
    a, b = ours.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    return a @ b / np.sqrt((a @ a) * (b @ b)), np.abs(a - b).max() / np.abs(b).max()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", default="vgg16,resnet18,squeezenet,alexnet")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rivals", default=",".join(RIVALS))
    parser.add_argument("--ours", default="direct,automatic")
    parser.add_argument("--nital", default=str(pathlib.Path(__file__).resolve().parents[2] / ".build/release/nital"))
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/nital-networks"))
    parser.add_argument("--prepare", action="store_true", help="write the files and stop")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        rival, name, batch, threads, repeat = args.worker
        return worker(rival, args.folder, name, int(batch), int(threads), int(repeat))
    args.folder.mkdir(exist_ok=True)
    batches = [int(b) for b in args.batches.split(",")]
    names = args.networks.split(",")
    if args.prepare:
        for name in names:
            prepare(args.folder, name, batches)
        return
    # In a process of its own: what this one has had in memory would count as the peak of its children.
    subprocess.run([sys.executable, __file__, "--prepare", "--networks", args.networks, "--batches", args.batches,
                    "--folder", str(args.folder)], check=True)
    for name in names:
        for batch in batches:
            compare(args, name, batch)


def compare(args, name, batch):
    weights, result = args.folder / f"{name}.safetensors", args.folder / "result.npy"

    def ours(algorithm, threads, repeat):
        # The command names the raw layer; the first two runs are not counted.
        return [args.nital, "lab", "forward", name, str(args.folder / f"images{batch}.npy"), "--weights", str(weights),
                "--layer", LAYERS[name], "--batch", str(batch), "--algorithm", algorithm, "--repeat", str(repeat + 2),
                "-o", str(result), "--threads", str(threads)]

    expected = np.load(args.folder / f"{name}_{batch}_expected.npy")
    for algorithm in args.ours.split(","):
        measure(ours(algorithm, 2, 1), 2)
        cosine, error = agreement(np.load(result), expected)
        print(f"{name} batch {batch} {algorithm}: cosine {cosine:.9f}, max|a-b| / max|b| {error:.2e}")
    for threads in [int(t) for t in args.threads.split(",")]:
        names = args.rivals.split(",") + args.ours.split(",")
        seconds, peaks = {n: [] for n in names}, {n: 0 for n in names}
        for _ in range(args.rounds):
            for contender in names:
                if contender in args.ours.split(","):
                    command = ours(contender, threads, args.repeat)
                else:
                    command = [sys.executable, __file__, "--folder", str(args.folder), "--worker", contender, name,
                               str(batch), str(threads), str(args.repeat)]
                runs, peak = measure(command, threads)
                seconds[contender] += runs
                peaks[contender] = max(peaks[contender], peak)
        fastest = min(statistics.median(seconds[n]) for n in args.rivals.split(",") if n != "openvino-default")
        for contender in names:
            median = statistics.median(seconds[contender])
            print(f"{name} batch {batch} threads {threads} {contender:10} {1e3 * median / batch:8.2f} ms an image "
                  f"({1e3 * min(seconds[contender]) / batch:.2f} to {1e3 * max(seconds[contender]) / batch:.2f})"
                  f"  ratio {median / fastest:.3f}  peak {peaks[contender]:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
