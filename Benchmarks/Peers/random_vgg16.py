#!/usr/bin/env python3
"""The whole of VGG16 with He-scaled random weights, as safetensors with torchvision's names.

    python random_vgg16.py vgg16.safetensors [SEED]

For runs that need every layer of VGG16 where the trained weights cannot be had, for instance
`nital reproduce cohn IMAGES --features vgg16:fc1 --weights vgg16.safetensors`: what is drawn then shows that
the rows are computed, not what the papers found. Normal numbers of variance 2 / inputs (K. He et al., ICCV
2015, equation 10), biases 0, seed 7. Needs numpy.
"""
import pathlib
import sys

import numpy as np

from networks import write_safetensors


def main():
    generator = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
    tensors, index, channels = {}, 0, 3

    def layer(name, shape):
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        tensors[f"{name}.weight"] = (generator.standard_normal(shape, dtype=np.float32) * deviation).astype(np.float32)
        tensors[f"{name}.bias"] = np.zeros(shape[0], np.float32)

    for widths in [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]:
        for width in widths:
            layer(f"features.{index}", (width, channels, 3, 3))
            index, channels = index + 2, width
        index += 1
    for number, shape in [(0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))]:
        layer(f"classifier.{number}", shape)
    write_safetensors(pathlib.Path(sys.argv[1]), tensors)


if __name__ == "__main__":
    main()
