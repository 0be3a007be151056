"""One augmented volume from one head: geometry, contrast, degradation, field of view.

The labels are NOT transformed along: the teacher is run on the result, so the
student learns the teacher's function on the very image it sees. The warped
original labels serve only to throw away volumes on which the teacher fails.
"""
import math

import numpy as np
import torch
from torch.nn import functional as F


class Random:
    """A seeded source of everything random in one volume."""

    def __init__(self, *seed):
        self.r = np.random.default_rng(seed)
        self.g = torch.Generator().manual_seed(int(self.r.integers(2**62)))

    def chance(self, p):
        return self.r.random() < p

    def uniform(self, a, b, size=None):
        return self.r.uniform(a, b, size)

    def normal(self, s, size=None):
        return self.r.normal(0, s, size)

    def field(self, points, shape, channels=1):
        """Smooth noise: N(0,1) on a coarse grid, interpolated to shape."""
        t = torch.randn(1, channels, *points, generator=self.g)
        return F.interpolate(t, size=shape, mode="trilinear", align_corners=True)


def rotation(angles):
    m = np.eye(3)
    for axis, t in enumerate(np.radians(angles)):
        i, j = [k for k in range(3) if k != axis]
        r = np.eye(3)
        r[i, i] = r[j, j] = math.cos(t)
        r[i, j], r[j, i] = -math.sin(t), math.sin(t)
        m = m @ r
    return m


def grid(rnd, centre, tall, plain_share):
    """Sampling grid of the output box in source voxels: [D,H,W,3]; tall: down to the neck."""
    # Box: the brain (about 145 x 125 x 180 mm) always fits; what is around it varies.
    shape = tuple(int(8 * rnd.r.integers(lo, hi)) for lo, hi in ((20, 25), (20, 29), (24, 29)))
    shift = np.array([rnd.uniform(-6, 6), rnd.uniform(-10, 0.45 * (shape[1] - 140)), rnd.uniform(-10, 10)])
    if tall:
        shape = (shape[0], int(8 * rnd.r.integers(28, 32)), shape[2])
        shift[1] = 0.5 * (shape[1] - 160) + rnd.uniform(-12, 12)
    plain = rnd.chance(plain_share)  # these keep the original sharpness: nothing is interpolated
    m = np.eye(3)
    if not plain:
        angles = rnd.uniform(-20, 20, 3) if rnd.chance(0.5) else rnd.normal(6, 3)
        m = rotation(angles) * np.exp(rnd.uniform(-0.14, 0.14, 3)) * math.exp(rnd.uniform(-0.07, 0.07))
    else:
        shift = np.round(shift)
        centre = np.round(centre)
    if rnd.chance(0.5):  # left-right: the only flip that anatomy allows
        m[0] = -m[0]
    axes = [torch.arange(n, dtype=torch.float32) - n // 2 for n in shape]
    p = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1) + torch.tensor(shift, dtype=torch.float32)
    p = p @ torch.tensor(m.T, dtype=torch.float32) + torch.tensor(centre, dtype=torch.float32)
    if not plain and rnd.chance(0.7):
        points = tuple(int(k) for k in rnd.r.integers(4, 10, 3))
        size = rnd.uniform(0.5, 18 / max(points))
        p = p + rnd.field(points, shape, 3)[0].permute(1, 2, 3, 0) * size
    return p, plain


def sample(v, p, mode="bilinear"):
    """v: [1,C,D,H,W] at the voxel positions p [d,h,w,3]; zero outside."""
    n = torch.tensor(v.shape[2:], dtype=torch.float32)
    q = (2 * p / (n - 1) - 1).flip(-1)  # grid_sample wants x, y, z
    return F.grid_sample(v, q[None], mode=mode, padding_mode="zeros", align_corners=True)


def blur(x, sigma):
    """Separable Gaussian; sigma per axis, in voxels."""
    for axis, s in enumerate(sigma):
        if s < 0.2:
            continue
        r = max(1, int(math.ceil(2.5 * s)))
        k = torch.exp(-0.5 * (torch.arange(-r, r + 1) / s) ** 2)
        k = (k / k.sum()).reshape([-1 if a == axis else 1 for a in range(3)])[None, None]
        x = F.conv3d(x, k, padding=[r if a == axis else 0 for a in range(3)])
    return x


def widen(mask, r):
    """Dilation by a cube of r voxels, axis by axis (a cubic max pool is far slower)."""
    for axis in range(3):
        k = [2 * r + 1 if a == axis else 1 for a in range(3)]
        mask = F.max_pool3d(mask, k, 1, [n // 2 for n in k])
    return mask


def curve(rnd, x, strength):
    """A random monotone curve through (0,0) and (1,1), piecewise linear."""
    n = int(rnd.r.integers(3, 8))
    y = np.exp(rnd.normal(strength, n))
    y = torch.tensor(np.r_[0, np.cumsum(y) / y.sum()], dtype=torch.float32)
    t = x.clamp(0, 1) * n
    i = t.floor().clamp(max=n - 1)
    f = t - i
    i = i.long()
    return y[i] + (y[i + 1] - y[i]) * f


def contrast(rnd, x, brain):
    """Scanner and protocol: x is 0..1, brain the (soft) brain mask."""
    if rnd.chance(0.8):
        x = x.clamp(min=0) ** math.exp(rnd.normal(0.25))
    if rnd.chance(0.6):
        x = curve(rnd, x, 0.35)
    if rnd.chance(0.7):
        points = tuple(int(k) for k in rnd.r.integers(2, 6, 3))
        x = x * torch.exp(rnd.field(points, x.shape[2:]) * rnd.uniform(0.03, 0.25))
    if rnd.chance(0.35):  # scalp, fat and neck brighter or darker than the brain
        x = x * (brain + (1 - brain) * math.exp(rnd.uniform(-0.9, 0.7)))
    return x


def degrade(rnd, x):
    kind = rnd.uniform(0, 1)
    if kind < 0.25:
        x = blur(x, [rnd.uniform(0.3, 1.0)] * 3)
    elif kind < 0.45:  # thick slices: smooth along one axis, resample coarsely, interpolate back
        axis = int(rnd.r.integers(3))
        t = rnd.uniform(1.3, 4.0)
        s = [0.0, 0.0, 0.0]
        s[axis] = 0.4 * t
        shape = list(x.shape[2:])
        low = list(shape)
        low[axis] = max(8, int(shape[axis] / t))
        x = F.interpolate(blur(x, s), size=low, mode="trilinear", align_corners=True)
        x = F.interpolate(x, size=shape, mode="trilinear", align_corners=True)
    elif kind < 0.6:  # sharper than the (interpolated) source
        x = (x + rnd.uniform(0.3, 1.2) * (x - blur(x, [0.8] * 3))).clamp(min=0)
    if rnd.chance(0.75):
        s = rnd.uniform(0.002, 0.05) * (1 if rnd.chance(0.85) else 1.6)
        n = torch.randn(x.shape, generator=rnd.g)
        if rnd.chance(0.5):
            n = blur(n, [rnd.uniform(0.3, 0.8)] * 3)
            n = n / n.std()
        if rnd.chance(0.5):
            x = x + s * n
        else:  # Rician: the background becomes a bright floor
            x = torch.sqrt((x + s * n) ** 2 + (s * torch.randn(x.shape, generator=rnd.g)) ** 2)
    return x.clamp(min=0)


def augment(rnd, head, labels, centre, tall=False, plain_share=0.12, sharpen_share=0.0, levels=(0.28, 0.92)):
    """head [1,1,..] float 0..1, labels [1,1,..] float (teacher on the original).

    -> image float32 [D,H,W] scaled min-max, warped labels uint8 [D,H,W]
    """
    p, plain = grid(rnd, centre, tall, plain_share)
    x = sample(head, p)
    warped = sample(labels, p, mode="nearest")
    if not plain and rnd.chance(sharpen_share):  # interpolation blurred it; a scanner's own image is sharper
        x = (x + rnd.uniform(0.5, 1.5) * (x - blur(x, [0.7] * 3))).clamp(min=0)
    brain = (warped > 0).float()
    # Closing with two voxels of margin: the ventricles and the CSF belong in.
    mask = -widen(-widen(brain, 4), 2)
    if not plain or rnd.chance(0.6):
        x = contrast(rnd, x, F.avg_pool3d(mask, 3, 1, 1))
    stripped = rnd.chance(0.12)
    if stripped:
        x = x * mask
    if not plain or rnd.chance(0.5):
        x = degrade(rnd, x)
    if rnd.chance(0.35):  # scanners and tools that zero the background
        x = torch.where(x < rnd.uniform(0.01, 0.06) * float(x.max()), torch.zeros(()), x)
    if stripped and rnd.chance(0.8):
        x = x * mask
    # Min-max depends on the brightest voxel anywhere (fat, vessels, spikes):
    # bring white matter to a level of our choice, and clip or spike at 1.
    white = x[warped == 1]
    level = float(white.mean()) if white.numel() else float(x.mean()) * 3
    x = x * (rnd.uniform(*levels) / max(level, 1e-3))
    x = x.clamp(0, 1) if rnd.chance(0.7) else x
    if float(x.max()) < 1:
        d, h, w = (int(rnd.r.integers(n // 5)) for n in x.shape[2:])
        x[:, :, d:d + 2, h:h + 2, w:w + 2] = 1.0
    x = (x - x.min()) / (x.max() - x.min()).clamp(min=1e-6)
    return x[0, 0].contiguous(), warped[0, 0].to(torch.uint8)
