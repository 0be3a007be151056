"""The student network: a small 3-D U-Net that works at half resolution.

Why this shape. The teacher (MeshNet) sees 93 voxels and keeps every layer at
full resolution, which costs most of its time. The student folds each 2x2x2
block of voxels into 8 channels first (nothing is lost), works at 1/2, 1/4 and
1/8 resolution with 32 channels (a width that CPUs handle well), and unfolds
24 = 8 x 3 channels back into three class scores per voxel, so that a cortex
of two voxels stays sharp. A narrow tail at full resolution then looks at the
scores beside the image and moves the borders: the teacher decides there by
single voxels, which the folded layers can express only in part. There is no
normalisation layer: what a voxel gets must not depend on the patch, the box or
the batch around it.
"""
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 3   # 0 background, 1 white matter, 2 grey matter
WIDTH = 32
MULTIPLE = 8  # every side of the input must be a multiple of this
DILATIONS = (1, 2, 1)  # of the three layers at 1/8 resolution
TAIL = 8  # channels of the layers at full resolution
TAIL_DILATIONS = (1, 2, 1)  # of those layers; a last one makes scores of them


def fold(x):
    """[B,1,D,H,W] -> [B,8,D/2,H/2,W/2], channel = 4*dz + 2*dy + dx."""
    b, _, d, h, w = x.shape
    x = x.reshape(b, d // 2, 2, h // 2, 2, w // 2, 2)
    return x.permute(0, 2, 4, 6, 1, 3, 5).reshape(b, 8, d // 2, h // 2, w // 2)


def unfold(y):
    """[B,24,d,h,w] -> [B,3,2d,2h,2w], channel = 3*(4*dz + 2*dy + dx) + class."""
    b, _, d, h, w = y.shape
    y = y.reshape(b, 2, 2, 2, CLASSES, d, h, w)
    return y.permute(0, 4, 5, 1, 6, 2, 7, 3).reshape(b, CLASSES, 2 * d, 2 * h, 2 * w)


def halve(x):
    """Average pooling by 2, by slices: PyTorch's own lacks bf16 on the CPU."""
    for axis in (2, 3, 4):
        even, odd = [slice(None)] * 5, [slice(None)] * 5
        even[axis], odd[axis] = slice(0, None, 2), slice(1, None, 2)
        x = x[tuple(even)] + x[tuple(odd)]
    return x * 0.125


class Student(nn.Module):
    def __init__(self, c=WIDTH):
        super().__init__()

        def conv(i, o, dilation=1):
            return nn.Conv3d(i, o, 3, padding=dilation, dilation=dilation)

        self.stem = conv(8, c)
        self.h1 = conv(c, c)
        self.q1 = conv(c, c)
        self.e = nn.ModuleList([conv(c, c, d) for d in DILATIONS])
        self.uq = conv(c, c)
        self.uh = conv(c, c)
        self.out = conv(c, 8 * CLASSES)
        self.tail = nn.ModuleList([conv(TAIL if i else 1 + CLASSES, TAIL, d) for i, d in enumerate(TAIL_DILATIONS)])
        self.correction = conv(TAIL, CLASSES)
        for m in self.modules():
            if isinstance(m, nn.Conv3d):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.zeros_(m.bias)
        # Residual branches start small, so that depth does not blow up the
        # scale of the features in a network without normalisation.
        with torch.no_grad():
            for m in (self.h1, self.q1, *self.e, self.uq, self.uh):
                m.weight.mul_(0.5)
            self.out.weight.mul_(0.3)
            self.correction.weight.mul_(0.1)

    def forward(self, x, dtype=torch.float32):
        """Scores [B,3,D,H,W]. dtype: in which the layers compute (the weights stay float32).

        Casting by hand rather than autocast: autocast turns pooling and
        resizing, and all that follows them, back to float32.
        """
        def conv(layer, x):
            return F.conv3d(x, layer.weight.to(dtype), layer.bias.to(dtype),
                            padding=layer.padding, dilation=layer.dilation)

        def residual(layer, x):
            return F.relu(x + conv(layer, x), inplace=True)

        image = x.to(dtype)
        x = fold(x).to(dtype).contiguous(memory_format=torch.channels_last_3d)
        h = residual(self.h1, F.relu(conv(self.stem, x), inplace=True))
        q = residual(self.q1, halve(h))
        e = halve(q)
        for layer in self.e:
            e = residual(layer, e)
        q = residual(self.uq, q + F.interpolate(e, scale_factor=2, mode="nearest"))
        h = residual(self.uh, h + F.interpolate(q, scale_factor=2, mode="nearest"))
        scores = unfold(conv(self.out, h))
        y = torch.cat([image, scores], 1).contiguous(memory_format=torch.channels_last_3d)
        for layer in self.tail:
            y = F.relu(conv(layer, y), inplace=True)
        return scores.float() + conv(self.correction, y).float()


def parameters(net):
    return sum(p.numel() for p in net.parameters())
