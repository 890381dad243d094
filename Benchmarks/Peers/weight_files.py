#!/usr/bin/env python3
"""Weight files as nital reads them beside what others say is in them.

    python weight_files.py manifest CORPUS            CRC-32, shape and type of every tensor of a manifest.json
    python weight_files.py formats FOLDER FILE...     one small network in several formats: its expected logits
    python weight_files.py squeezenet FILE.h5 IMAGE.. genuine Keras weights of SqueezeNet 1.1 against PyTorch

CORPUS holds manifest.json (files with kind, path, level and tensors: name, shape, dtype, crc32); FOLDER holds
expected.json (logits) and input_hwc.npy. `squeezenet` needs torch, h5py and scikit-image: it does Keras'
preprocessing on the pictures (227 x 227, blue first, means subtracted), gives both sides the same array, and
compares the last layer. Ends with status 1 when anything differs by more than it may.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import lab


def inspect(options, path):
    words = [str(options.nital), "weights", "inspect", "--json", str(path)]
    return subprocess.run(words, capture_output=True, text=True)


def manifest(options):
    root = pathlib.Path(options.paths[0])
    files, equal, constant, bad = 0, 0, 0, 0
    for entry in json.loads((root / "manifest.json").read_text())["files"]:
        if entry["kind"] != "weights":
            continue
        result = inspect(options, root / entry["path"])
        if result.returncode:
            print(f"refused ({entry['level']}): {result.stderr.strip()[:160]}")
            bad += entry["level"] != "optional"
            continue
        files += 1
        found = {tensor["name"]: tensor for tensor in json.loads(result.stdout)["tensors"]}
        for tensor in entry.get("tensors") or []:
            plain = tensor["name"].replace("state_dict.", "").replace("module.", "")
            own = found.get(tensor["name"], found.get(plain))
            if own is None or (own["shape"], own["dtype"]) != (tensor["shape"], tensor["dtype"]):
                print(f"{entry['path']}: {tensor['name']}: {own}, {tensor['shape']} {tensor['dtype']} expected")
                bad += 1
            elif tensor["crc32"] is None:
                constant += 1
            elif own["crc32"] != tensor["crc32"]:
                print(f"{entry['path']}: {tensor['name']}: CRC-32 {own['crc32']}, {tensor['crc32']} expected")
                bad += 1
            else:
                equal += 1
    print(f"{files} files, {equal} tensors with the CRC-32 of the manifest, {constant} without one on record, {bad} bad")
    return bad == 0


def forward(options, words):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.npy"
        subprocess.run([str(options.nital), "lab", "forward", *map(str, words), "-o", str(out)], check=True,
                       stdout=subprocess.DEVNULL)
        return np.load(out).astype(np.float64)


def formats(options):
    folder, worst = pathlib.Path(options.paths[0]), 0.0
    expected = json.loads((folder / "expected.json").read_text())
    for path in options.paths[1:]:
        found = forward(options, ["auto", folder / "input_hwc.npy", "--weights", path, "--preprocessing", "none",
                                  "--layer", "logits"])
        error = np.abs(found.ravel() - expected["logits"]).max()
        worst = max(worst, error)
        print(f"{pathlib.Path(path).name}: largest error {error:.2e}")
    return worst <= expected["tolerance_f32"]


def keras_squeezenet(path):
    """The layers of the Keras file as a function of an array (N, H, W, 3)."""
    import h5py
    import torch
    from torch.nn.functional import conv2d, max_pool2d

    arrays = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)

    def conv(x, name, **more):
        kernel, bias = (next(v for k, v in arrays.items() if k.startswith(name + "/") and v.ndim == rank)
                        for rank in (4, 1))
        weight = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        return torch.relu(conv2d(x, weight, torch.from_numpy(bias), **more))

    def run(images):
        x = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        x = max_pool2d(conv(x, "conv1", stride=2), 3, 2)
        for number in range(2, 10):
            if number in (4, 6):
                x = max_pool2d(x, 3, 2)
            squeezed = conv(x, f"fire{number}/squeeze1x1")
            x = torch.cat([conv(squeezed, f"fire{number}/expand1x1"),
                           conv(squeezed, f"fire{number}/expand3x3", padding=1)], 1)
        return x.permute(0, 2, 3, 1).flatten(1).numpy().astype(np.float64)

    return run


def squeezenet(options):
    from skimage import io, transform

    pictures = []
    for path in options.paths[1:]:
        picture = io.imread(path)
        picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        picture = transform.resize(picture, (227, 227), order=1, preserve_range=True)
        pictures.append(picture[..., ::-1] - [103.939, 116.779, 123.68])
    images, worst = np.stack(pictures).astype(np.float32), 0.0
    expected = keras_squeezenet(options.paths[0])(images)
    with tempfile.TemporaryDirectory() as folder:
        array = pathlib.Path(folder) / "images.npy"
        np.save(array, images)
        for algorithm in ("direct", "automatic"):
            found = forward(options, ["squeezenet", array, "--weights", options.paths[0], "--layer", "fire9",
                                      "--algorithm", algorithm])
            a, b = found.ravel(), expected.ravel()
            cosine, error = a @ b / np.sqrt((a @ a) * (b @ b)), np.abs(a - b).max() / np.abs(b).max()
            worst = max(worst, error, 1e2 * (1 - cosine))
            print(f"squeezenet {algorithm}, {len(images)} pictures: cosine {cosine:.12f}, max|a-b| / max|b| {error:.2e}")
    return worst <= 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["manifest", "formats", "squeezenet"])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    options = parser.parse_args()
    sys.exit(0 if globals()[options.what](options) else 1)


if __name__ == "__main__":
    main()
