"""Reading heads: any source format to the teacher's frame (256^3, 1 mm, LIA).

    python heads.py --out heads/ name=file [name=file ...]

writes name.npy: uint8 256x256x256, axes L, I, A (index grows to the left, to
the feet, to the front), scaled min-max to 0..255. 8 bits suffice: the sources
are 8-bit themselves or averages.
"""
import argparse
import gzip
import json
import pathlib

import nibabel
import numpy as np
from scipy import ndimage

SIZE = 256


def read(path):
    """-> (array, affine to RAS millimetres). NIfTI, or BrainBrowser's raw MINC."""
    path = pathlib.Path(path)
    if path.name.endswith(".mnc.raw.gz"):
        head = json.load(gzip.open(str(path).replace(".raw.gz", ".header.gz")))
        order = head["order"]
        shape = [head[k]["space_length"] for k in order]
        data = np.frombuffer(gzip.open(path).read(), np.uint8).reshape(shape)
        affine = np.eye(4)
        for j, k in enumerate(order):
            axis = np.array(head[k]["direction_cosines"])
            affine[:3, j] = axis * head[k]["step"]
            affine[:3, 3] += axis * head[k]["start"]
        return data, affine
    image = nibabel.load(path)
    data = np.asarray(image.dataobj)
    return (data[..., 0] if data.ndim == 4 else data), image.affine


def conform(data, affine):
    """Trilinear resampling to 256^3, 1 mm, LIA, about the volume's centre."""
    data = np.asarray(data, np.float32)
    centre = affine @ np.r_[(np.array(data.shape) - 1) / 2, 1]
    axes = np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
    target = np.eye(4)
    target[:3, :3] = axes
    target[:3, 3] = centre[:3] - axes @ np.full(3, (SIZE - 1) / 2)
    m = np.linalg.inv(affine) @ target
    voxel = np.sqrt((affine[:3, :3] ** 2).sum(0))
    # Finer sources are smoothed first, else trilinear sampling would alias.
    sigma = [0.5 * (1 / v - 1) if v < 1 else 0.0 for v in voxel]
    if max(sigma) > 0:
        data = ndimage.gaussian_filter(data, sigma)
    return ndimage.affine_transform(data, m[:3, :3], m[:3, 3], output_shape=(SIZE,) * 3, order=1)


def minmax(v):
    return (v - v.min()) / max(float(v.max() - v.min()), 1e-9)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", required=True, type=pathlib.Path)
    p.add_argument("sources", nargs="+", metavar="name=file")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    for source in a.sources:
        name, path = source.split("=", 1)
        v = minmax(conform(*read(path)))
        np.save(a.out / f"{name}.npy", np.round(v * 255).astype(np.uint8))
        print(name, "ok")


if __name__ == "__main__":
    main()
