"""Trains the student by function distillation; see README.md for the commands.

Reads the pool that produce.py writes, in a fixed order: before step s it has
taken the first s/every + warmup volumes and keeps the last --keep of them; it waits
for a volume that is not there yet. So the seed decides the result, however
fast the producer is. Learning rate: constant, then linear to almost nothing
over the last --decay steps, where the patches are larger too.
"""
import argparse
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional as F

from model import Student, parameters


def load(pool, index):
    path = pool / f"{index:04d}.npz"
    while not path.exists():
        time.sleep(0.5)
    with np.load(path) as f:
        return torch.from_numpy(f["image"]), torch.from_numpy(f["soft"]), *f["box"]


def patch(rnd, item, size, anywhere):
    """A patch, and the weights that drop what a patch border (not a box border) spoils."""
    x, q, lo, hi = item
    at, margin = [], []
    free = rnd.random() < anywhere  # else centred on a voxel of the brain's box
    for axis, n in enumerate(x.shape):
        s = min(size, n)
        if not free:
            c = rnd.integers(lo[axis], hi[axis] + 1) - s // 2
        else:
            c = rnd.integers(0, n - s + 1)
        c = int(np.clip(c, 0, n - s))
        at.append(slice(c, c + s))
        margin.append((0 if c == 0 else 8, s if c + s == n else s - 8))
    at = tuple(at)
    w = torch.zeros(tuple(a.stop - a.start for a in at))
    w[tuple(slice(*m) for m in margin)] = 1
    q = q[(slice(None), *at)].float() / 255
    return x[at].float(), torch.cat([(1 - q.sum(0, keepdim=True)).clamp(min=0), q]), w


def loss_of(y, q, w):
    """KL to the teacher's probabilities, plus soft Dice on the two tissues."""
    logp = F.log_softmax(y, 1)
    kl = (q * (torch.log(q.clamp(min=1e-6)) - logp)).sum(1)
    # Voxels of the brain and its border carry the message; air is easy.
    weight = w * (0.25 + 1.0 * (q[:, 0] < 0.98))
    kl = (kl * weight).sum() / weight.sum()
    p = logp.exp()[:, 1:] * w[:, None]
    t = q[:, 1:] * w[:, None]
    both = (p * t).sum((0, 2, 3, 4))
    d = (2 * both + 50) / (p.pow(2).sum((0, 2, 3, 4)) + t.pow(2).sum((0, 2, 3, 4)) + 50)
    return kl + 0.5 * (1 - d.mean()), kl.detach(), d.detach()


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--pool", required=True, type=pathlib.Path)
    a.add_argument("--out", required=True, type=pathlib.Path)
    a.add_argument("--steps", type=int, default=3000)
    a.add_argument("--stop", type=int, help="end here with a checkpoint, to go on with other settings")
    a.add_argument("--decay", type=int, default=600, help="steps, at the end, of falling rate and large patches")
    a.add_argument("--size", type=int, default=96)
    a.add_argument("--large-size", type=int, default=128)
    a.add_argument("--anywhere", type=float, default=0.35, help="share of patches placed without regard to the brain")
    a.add_argument("--batch", type=int, default=2)
    a.add_argument("--keep", type=int, default=64)
    a.add_argument("--every", type=int, default=16)
    a.add_argument("--use", default="0:10000", help="the pool's volumes in their order, as ranges: 106:205,340:430")
    a.add_argument("--warmup", type=int, default=8, help="volumes before the first step")
    a.add_argument("--volumes", type=int, default=200, help="how many to take in all")
    a.add_argument("--lr", type=float, default=1.5e-3)
    a.add_argument("--seed", type=int, default=20261121)
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--save", type=int, default=100)
    a.add_argument("--warm", type=pathlib.Path, help="begin with the averaged weights of this checkpoint; layers that it lacks are new")
    a = a.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)

    net = Student()
    if a.warm:
        missing, unknown = net.load_state_dict(torch.load(a.warm, weights_only=False)["average"], strict=False)
        print("new layers:", missing, "left out:", unknown)
    net = net.to(memory_format=torch.channels_last_3d)
    average = {k: v.detach().clone() for k, v in net.state_dict().items()}
    opt = torch.optim.AdamW(net.parameters(), lr=a.lr, weight_decay=1e-4)
    first = 0
    checkpoint = a.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(state["net"])
        average = state["average"]
        opt.load_state_dict(state["opt"])
        first = state["step"]
    print("parameters", parameters(net), "from step", first, flush=True)

    order = [i for part in a.use.split(",") for i in range(*map(int, part.split(":")))][:a.volumes]
    taken = max(0, min(len(order), (first - 1) // a.every + a.warmup) - a.keep)
    ring = {}
    began = time.time()
    shown = []
    change = a.steps - a.decay
    last = min(a.steps, a.stop or a.steps)
    for step in range(first, last):
        while taken < min(len(order), step // a.every + a.warmup):
            ring[taken % a.keep] = load(a.pool, order[taken])
            taken += 1
        big = step >= change
        rnd = np.random.default_rng((a.seed, 1, step))
        batch = [patch(rnd, ring[int(rnd.integers(len(ring)))], a.large_size if big else a.size, a.anywhere)
                 for _ in range(1 if big else a.batch)]
        x, q, w = (torch.stack(t) for t in zip(*batch))
        x = x[:, None]
        lr = a.lr * min(1, (step + 1) / 150, 0.01 + 0.99 * (a.steps - step) / a.decay)
        for g in opt.param_groups:
            g["lr"] = lr
        y = net(x, torch.bfloat16)
        loss, kl, d = loss_of(y, q, w)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        keep = min(0.998, (step + 1) / (step + 20))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                average[k].lerp_(v, 1 - keep)
        shown.append((float(kl), *map(float, d)))
        if (step + 1) % 50 == 0:
            print(step + 1, f"{time.time() - began:.0f}s lr {lr:.2e} kl/white/grey",
                  np.round(np.mean(shown, 0), 3), flush=True)
            shown = []
        if (step + 1) % a.save == 0 or step + 1 == last:
            tmp = checkpoint.with_suffix(".tmp")
            torch.save({"net": net.state_dict(), "average": average, "opt": opt.state_dict(), "step": step + 1}, tmp)
            tmp.replace(checkpoint)


if __name__ == "__main__":
    main()
