"""Writes sliding.json: what MONAI's sliding_window_inference makes of small images with a
model that is not pointwise: it weighs each voxel by its place in the window. Run it with
Python 3.11 or newer in this folder after
    pip install numpy==2.4.6 torch monai==1.5.1
The figures don't change between runs. Arrays are [k][j][i], flattened."""

import json

import numpy as np
import torch
from monai.inferers import sliding_window_inference

random = np.random.default_rng(20260302)


def model(patch):
    """Two channels: x·(1 + place/10) and x², place counting the window's voxels modulo 7."""
    place = torch.arange(patch[0, 0].numel()).reshape(patch.shape[2:]) % 7
    return torch.cat([patch * (1 + place / 10), patch**2], dim=1)


cases = []
for size, window, overlap, mode in [
    ((9, 10, 11), (4, 5, 6), 0.25, "gaussian"),
    ((9, 10, 11), (4, 5, 6), 0.5, "constant"),
    ((7, 7, 7), (3, 3, 3), 0.6, "gaussian"),
    ((5, 3, 12), (8, 8, 8), 0.25, "gaussian"),
]:
    image = np.round(random.normal(0, 2, size), 3)
    out = sliding_window_inference(torch.tensor(image[None, None]), window, 1, model, overlap=overlap, mode=mode)
    cases.append({"size": list(size)[::-1], "window": list(window)[::-1], "overlap": overlap, "gaussian": mode == "gaussian",
                  "values": image.ravel().tolist(), "scores": [float(f"{v:.7g}") for v in out.numpy().ravel()]})
with open("sliding.json", "w") as f:
    json.dump(cases, f, separators=(",", ":"))
    f.write("\n")
