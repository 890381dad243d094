"""Golden values of NetworkGoldenTests: PyTorch's arithmetic with weights of a counter generator.

    python generate_networks.py [--full]

Made with PyTorch 2.13 on CPU, NumPy 2. Only results are stored; weights and images are functions of
(tensor number, index): SplitMix64 of a counter, as `SplitMix64` in Tensors has it. `--full` makes the
values of VGG16, AlexNet and ResNet18 at their published size (NITAL_EXHAUSTIVE=1).
"""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent / "networks"
torch.set_grad_enabled(False)
torch.set_num_threads(2)


def numbers(number, count):
    """Floats in -1 ..< 1: tensor `number` of the family, values 0 ..< count."""
    result = np.empty(count, np.float32)
    gamma, start = 0x9E3779B97F4A7C15, (number + 1) << 40
    for first in range(0, count, 1 << 22):
        n = min(1 << 22, count - first)
        z = np.arange(first + 1, first + n + 1, dtype=np.uint64) * np.uint64(gamma)
        z += np.uint64(start)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        u = (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)
        result[first:first + n] = 2 * u - 1
    return result


class Weights:
    """Tensors in the order in which the network asks for them."""

    def __init__(self):
        self.number = 0

    def next(self, *shape):
        values = numbers(self.number, int(np.prod(shape)))
        self.number += 1
        return values.reshape(shape)

    def filters(self, *shape):
        """He's bound for uniform numbers: sqrt(6 / inputs of an output)."""
        bound = np.float32(np.sqrt(6 / np.prod(shape[1:])))
        return torch.from_numpy(self.next(*shape) * bound)

    def bias(self, n):
        return torch.from_numpy(self.next(n) * np.float32(0.125))

    def norm(self, n):
        weight, bias, mean, var = (self.next(n) for _ in range(4))
        half = np.float32(0.5)
        return [torch.from_numpy(t) for t in (1 + half * weight, bias * half, mean * half, 1 + half * var)]


def images(n, height, width):
    return torch.from_numpy(2 * numbers(1000, n * height * width * 3).reshape(n, height, width, 3)).permute(0, 3, 1, 2)


def save(name, tensor):
    """Spatial results as (N, H, W, C)."""
    if tensor.ndim == 4:
        tensor = tensor.permute(0, 2, 3, 1)
    tensor.contiguous().numpy().astype("<f4").tofile(FOLDER / (name + ".f32"))
    print(name, tuple(tensor.shape), float(tensor.abs().max()))


def vgg(x, blocks, pooled, hidden, classes):
    w, out, C = Weights(), {}, 3
    for b, widths in enumerate(blocks):
        for width in widths:
            x = F.relu(F.conv2d(x, w.filters(width, C, 3, 3), w.bias(width), padding=1))
            C = width
        x = F.max_pool2d(x, 2)
        out[f"block{b + 1}_pool"] = x
    x = torch.flatten(F.adaptive_avg_pool2d(x, pooled), 1)
    for i, width in enumerate(hidden + [classes]):
        x = out[f"classifier.{3 * i}"] = F.linear(x, w.filters(width, x.shape[1]), w.bias(width))
        x = F.relu(x)
    return out


def alexnet(x, full):
    w, out = Weights(), {}
    for C, K, size, stride, pad, pools in [
        (3, 64, 11, 4, 2, 1), (64, 192, 5, 1, 2, 1), (192, 384, 3, 1, 1, 0), (384, 256, 3, 1, 1, 0),
        (256, 256, 3, 1, 1, 1)]:
        x = F.relu(F.conv2d(x, w.filters(K, C, size, size), w.bias(K), stride, pad))
        x = F.max_pool2d(x, 3, 2) if pools else x
    out["features.12"] = x
    if full:
        x = torch.flatten(F.adaptive_avg_pool2d(x, 6), 1)
        out["classifier.1"] = F.linear(x, w.filters(4096, x.shape[1]), w.bias(4096))
    return out


def resnet(x, width, classes):
    w, out = Weights(), {}

    def conv(x, K, size, stride, pad):
        weight = w.filters(K, x.shape[1], size, size)
        gamma, beta, mean, var = w.norm(K)
        x = F.conv2d(x, weight, None, stride, pad)
        return F.batch_norm(x, mean, var, gamma, beta, False, 0.1, 1e-5)

    x = out["relu"] = F.relu(conv(x, width, 7, 2, 3))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage and not block else 1
            y = F.relu(conv(x, width << stage, 3, stride, 1))
            y = conv(y, width << stage, 3, 1, 1)
            x = F.relu(y + (conv(x, width << stage, 1, 2, 0) if stride == 2 else x))
            out[f"layer{stage + 1}.{block}"] = x
    x = F.adaptive_avg_pool2d(x, 1)
    out["avgpool"] = x
    out["fc"] = F.linear(torch.flatten(x, 1), w.filters(classes, x.shape[1]), w.bias(classes))
    return out


def squeezenet(x, ceil):
    w, out = Weights(), {}

    def conv(x, K, size, stride=1, pad=0):
        return F.relu(F.conv2d(x, w.filters(K, x.shape[1], size, size), w.bias(K), stride, pad))

    x = conv(x, 64, 3, 2)
    for fire, squeeze in zip(range(2, 10), [16, 16, 32, 32, 48, 48, 64, 64]):
        x = F.max_pool2d(x, 3, 2, ceil_mode=ceil) if fire in (2, 4, 6) else x
        x = conv(x, squeeze, 1)
        x = out[f"fire{fire}"] = torch.cat([conv(x, 4 * squeeze, 1), conv(x, 4 * squeeze, 3, 1, 1)], 1)
    x = conv(x, 10, 1)
    out["avgpool"] = F.adaptive_avg_pool2d(x, 1)
    return out


def main():
    FOLDER.mkdir(exist_ok=True)
    small = vgg(images(3, 25, 20), [[8, 20], [24], [40, 33]], (3, 2), [37, 20], 10)
    for layer in ("block2_pool", "classifier.0", "classifier.6"):
        save("vgg_small_" + layer, small[layer])
    save("alexnet_features.12", alexnet(images(2, 95, 80), False)["features.12"])
    small = resnet(images(2, 70, 53), 8, 10)
    for layer in ("relu", "layer2.0", "layer4.1", "fc"):
        save("resnet_small_" + layer, small[layer][:1])
    for name, ceil in (("torch", True), ("keras", False)):
        small = squeezenet(images(2, 63, 50), ceil)
        for layer in ("fire4", "avgpool"):
            save(f"squeezenet_{name}_{layer}", small[layer][:1])
    if "--full" in sys.argv:
        blocks = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]
        save("full_vgg16_classifier.0", vgg(images(1, 224, 224), blocks, (7, 7), [4096], 10)["classifier.0"])
        save("full_alexnet_classifier.1", alexnet(images(1, 224, 224), True)["classifier.1"])
        save("full_resnet18_avgpool", resnet(images(1, 224, 224), 64, 10)["avgpool"])


main()
