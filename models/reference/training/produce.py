"""Makes the pool: augmented volumes with the teacher's soft labels on them.

Volume number i depends on the seed and on i alone, so producers may stop and
go on, or share the work (--part 0/2, --part 1/2): the pool is the same.
A file holds the image (fp16) and the probabilities of white and grey (8 bits).
"""
import argparse
import json
import os
import pathlib

import numpy as np
import torch

from augment import Random, augment
from heads import minmax
from teacher import Teacher


class Source:
    """Heads with the teacher's labels on them, cropped to what is not empty."""

    def __init__(self, folder, weights, teacher):
        self.names = list(weights)
        w = np.array([weights[n] for n in self.names], float)
        self.p = w / w.sum()
        self.items = []
        for n in self.names:
            v = minmax(np.load(pathlib.Path(folder) / f"{n}.npy").astype(np.float32))
            where = np.argwhere(v > 0.05)
            lo, hi = where.min(0), where.max(0) + 1
            v = np.ascontiguousarray(v[tuple(slice(a, b) for a, b in zip(lo, hi))])
            y = teacher.labels(v)
            # The middle of the cerebrum: heads differ in how much neck they show.
            centre = np.argwhere(y > 0).mean(0)
            self.items.append((torch.from_numpy(v)[None, None],
                               torch.from_numpy(y.astype(np.float32))[None, None], centre))
            print(n, v.shape, "brain ml", int((y > 0).sum() / 1000), flush=True)


def dice(a, b):
    return 2.0 * float((a & b).sum()) / max(1.0, float(a.sum() + b.sum()))


def volume(source, teacher, seed, index, tall, plain_share, sharpen_share, levels):
    """Volume number `index`: image fp16, soft labels of classes 1 and 2 as uint8, brain box."""
    p = source.p
    if tall:
        p = p * [item[0].shape[3] > 220 for item in source.items]
        p = p / p.sum()
    for attempt in range(6):
        rnd = Random(seed, index, attempt)
        k = int(rnd.r.choice(len(source.names), p=p))
        x, warped = augment(rnd, *source.items[k], tall, plain_share, sharpen_share, levels)
        q = teacher.probabilities(x.numpy())
        got = q.argmax(0)
        brain = dice(got > 0, warped.numpy() > 0)
        white = dice(got == 1, warped.numpy() == 1)
        # The teacher failed here: nothing worth learning. (It need not agree
        # voxel by voxel: half a millimetre of shift already costs 0.1.)
        if brain > 0.80 and white > 0.60:
            break
    print(index, source.names[k], "attempt", attempt, f"brain {brain:.3f} white {white:.3f}", flush=True)
    inside = np.argwhere(got > 0)
    lo, hi = (inside.min(0), inside.max(0)) if len(inside) else (np.zeros(3, int), np.array(x.shape))
    return {"image": x.numpy().astype(np.float16), "soft": np.round(q[1:] * 255).astype(np.uint8),
            "box": np.array([lo, hi])}


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--teacher", required=True)
    a.add_argument("--heads", required=True)
    a.add_argument("--weights", required=True, help='JSON: {"head": weight}')
    a.add_argument("--pool", required=True, type=pathlib.Path)
    a.add_argument("--start", type=int, default=0)
    a.add_argument("--count", type=int, default=200)
    a.add_argument("--tall-from", type=int, default=0,
                   help="from here on, every even volume shows a head with its neck and face")
    a.add_argument("--plain-from", type=int, default=10**6,
                   help="from here on, four volumes in five keep the head's own sharpness")
    a.add_argument("--low-from", type=int, default=10**6,
                   help="from here on, white matter lies where whole heads have it: at 0.27 to 0.55 of the brightest voxel")
    a.add_argument("--part", default="0/1")
    a.add_argument("--seed", type=int, default=20261121)
    a.add_argument("--threads", type=int, default=1)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    a.pool.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(a.teacher, a.threads)
    source = Source(a.heads, json.loads(a.weights), teacher)
    part, parts = map(int, a.part.split("/"))
    for i in range(a.start + part, a.count, parts):
        path = a.pool / f"{i:04d}.npz"
        if path.exists():
            continue
        tmp = a.pool / f"{i:04d}.{os.getpid()}.tmp"
        with open(tmp, "wb") as f:
            np.savez(f, **volume(source, teacher, a.seed, i,
                                 tall=i >= a.tall_from and i % 2 == 0,
                                 plain_share=0.8 if i >= a.plain_from else 0.12,
                                 sharpen_share=0.5 if i >= a.low_from else 0.0,
                                 levels=(0.27, 0.55) if i >= a.low_from and i % 8 else (0.28, 0.92)))
        tmp.replace(path)


if __name__ == "__main__":
    main()
