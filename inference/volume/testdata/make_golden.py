"""Writes golden.json: what numpy, scipy and SimpleITK make of small images, for the tests
of package volume. Run it with Python 3.11 or newer in this folder after
    pip install numpy==2.4.6 scipy==1.17.1 SimpleITK==2.5.7
The figures don't change between runs. Arrays are [k][j][i], flattened; places are indices."""

import json

import numpy as np
import scipy.ndimage as ndi
import SimpleITK as sitk

random = np.random.default_rng(20260301)


def figures(a, digits=7):
    return [float(f"{v:.{digits}g}") for v in np.asarray(a, dtype=np.float64).ravel()]


def places(source, target, ratio):
    """Where the target's voxel centres lie in the source: both grids share their centre."""
    first = (source - 1) / 2 - (target - 1) / 2 * ratio
    return np.clip(first + ratio * np.arange(target), 0, source - 1)


def resampled(image, spacing, wanted, order):
    target = [max(1, int(np.floor(n * s / w + 0.5))) for n, s, w in zip(image.shape, spacing, wanted)]
    axes = [places(n, t, w / s) for n, t, s, w in zip(image.shape, target, spacing, wanted)]
    grid = np.meshgrid(*axes, indexing="ij")
    if order == 0:  # half-way places go up, as in the tests' own rule
        grid = [np.floor(g + 0.5) for g in grid]
    return ndi.map_coordinates(image, grid, order=order, mode="mirror"), target


def resample_cases():
    cases = []
    for shape, spacing, wanted in [
        ((7, 6, 9), (2.0, 1.5, 1.0), (1.0, 1.0, 1.0)),
        ((5, 8, 6), (1.0, 0.7, 0.7), (2.5, 1.0, 1.3)),
        ((1, 4, 2), (3.0, 1.0, 1.0), (1.5, 0.4, 0.3)),
        ((80, 2, 3), (1.0, 1.0, 1.0), (0.83, 1.0, 1.0)),
    ]:
        image = np.round(random.normal(0, 500, shape)).astype(np.float64)
        case = {"size": list(shape)[::-1], "spacing": list(spacing)[::-1], "wanted": list(wanted)[::-1], "values": figures(image)}
        for name, order in [("nearest", 0), ("linear", 1), ("spline", 3)]:
            out, target = resampled(image, spacing, wanted, order)
            case["target"] = target[::-1]
            case[name] = figures(out)
        cases.append(case)
    return cases


def itk_case():
    """SimpleITK on an oblique grid: geometry, and the spline inside the image."""
    image = np.round(random.normal(100, 30, (8, 9, 10))).astype(np.float32)
    a, b = 0.3, -0.2
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    spacing, wanted, origin = [0.9, 1.1, 2.0], [1.3, 0.8, 1.5], [-40.0, 12.5, 300.0]
    source = sitk.GetImageFromArray(image)
    source.SetSpacing(spacing)
    source.SetDirection(turn.ravel().tolist())
    source.SetOrigin(origin)
    size = [int(np.floor(n * s / w + 0.5)) for n, s, w in zip(source.GetSize(), spacing, wanted)]
    # Where the target's first voxel lies for a common centre, by ITK's own transform.
    first = [(n - 1) / 2 - (t - 1) / 2 * w / s for n, t, s, w in zip(source.GetSize(), size, spacing, wanted)]
    start = source.TransformContinuousIndexToPhysicalPoint(first)
    out = {}
    for name, kind in [("linear", sitk.sitkLinear), ("spline", sitk.sitkBSpline)]:
        r = sitk.Resample(source, size, sitk.Transform(), kind, start, wanted, source.GetDirection(), -9999.0, sitk.sitkFloat32)
        out[name] = figures(sitk.GetArrayFromImage(r))
    return {"size": list(source.GetSize()), "spacing": spacing, "direction": turn.ravel().tolist(), "origin": origin, "wanted": wanted,
            "target": size, "first": list(start), "last": list(r.TransformIndexToPhysicalPoint([n - 1 for n in size])), "values": figures(image), **out}


def orient_cases():
    image = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    source = sitk.GetImageFromArray(image)
    source.SetSpacing([1.0, 2.0, 3.0])
    source.SetOrigin([5.0, -6.0, 7.0])
    cases = []
    for name in ["LPS", "RAS", "LIA", "AIL", "SPL", "PSR", "IRP"]:
        r = sitk.DICOMOrient(source, name)
        cases.append({"to": name, "size": list(r.GetSize()), "first": list(r.GetOrigin()), "spacing": list(r.GetSpacing()), "values": figures(sitk.GetArrayFromImage(r))})
    return {"size": [2, 3, 4], "spacing": [1, 2, 3], "origin": [5, -6, 7], "values": figures(image), "cases": cases}


def value_cases():
    image = np.round(random.normal(-300, 400, (3, 5, 4))).astype(np.float64)
    image[0, 0, :] = -1024
    foreground = image > -200
    z = np.where(foreground, (image - image[foreground].mean()) / image[foreground].std(), 0)
    low, high = np.percentile(image, [2.5, 93])
    box = np.argwhere(image > 150)
    first, last = box.min(axis=0), box.max(axis=0)
    return {
        "size": [4, 5, 3], "values": figures(image),
        "clip": figures(np.clip(image, -500, 100)),
        "window": figures(np.clip((image + 1000) / 1400, 0, 1)),
        "min-max": figures((image - image.min()) / (image.max() - image.min())),
        "z-score": figures((image - image.mean()) / image.std()),
        "z-score foreground": figures(z),
        "percentile limits": figures([low, high], 12),
        "percentile": figures(np.clip((image - low) / (high - low), 0, 1)),
        "mean-std": figures((image - np.array([-300, -200, 10.5])[:, None, None]) / np.array([2, 400, 0.25])[:, None, None]),
        "pad centre": figures(np.pad(image, [(1, 1), (1, 2), (0, 1)], constant_values=-1024)),
        "pad margin": figures(np.pad(image, 2, constant_values=-1024)),
        "pad end": figures(np.pad(image, [(0, 1), (0, 3), (0, 0)])),
        "crop": figures(image[tuple(slice(a, b + 1) for a, b in zip(first, last))]),
        "crop first": [int(v) for v in first[::-1]],
    }


def picture_cases():
    image = np.round(random.uniform(0, 255, (3, 7, 10)))
    out = {"size": [10, 7, 3], "values": figures(image), "grey": figures(np.tensordot([0.299, 0.587, 0.114], image, axes=1)), "resize": []}
    for columns, rows in [(5, 14), (10, 3), (23, 7), (1, 1)]:
        channels = []
        for channel in image:
            at = np.meshgrid(*[np.clip((np.arange(t) + 0.5) * n / t - 0.5, 0, n - 1) for n, t in zip(channel.shape, (rows, columns))], indexing="ij")
            channels.append(ndi.map_coordinates(channel, at, order=1))
        out["resize"].append({"to": [columns, rows], "linear": figures(np.stack(channels))})
    return out


def component_cases():
    cases = []
    for shape, share in [((4, 6, 7), 0.2), ((5, 5, 5), 0.1), ((1, 12, 13), 0.3), ((3, 9, 8), 0.5), ((6, 7, 9), 0.12)]:
        mask = random.random(shape) < share
        labelled, count = ndi.label(mask, structure=np.ones((3, 3, 3)))
        cases.append({"size": list(shape)[::-1], "mask": "".join("01"[int(v)] for v in mask.ravel()), "count": int(count), "number": labelled.ravel().tolist()})
    return cases


def importance(size, sigma_scale=0.125):
    """MONAI's compute_importance_map(mode="gaussian"), written out in numpy."""
    out = np.ones(1)
    for edge in size:
        at = np.arange(edge) - (edge - 1) / 2
        out = np.multiply.outer(out, np.exp(-(at**2) / (2 * (sigma_scale * edge) ** 2)))
    return np.maximum(out, max(out.min(), 1e-3))


def score_cases():
    scores = random.normal(0, 3, (4, 2, 3, 5))
    e = np.exp(scores - scores.max(axis=0))
    return {"channels": 4, "values": figures(scores), "softmax": figures(e / e.sum(axis=0)), "sigmoid": figures(1 / (1 + np.exp(-scores))), "argmax": np.argmax(scores, axis=0).ravel().tolist()}


def box_cases():
    """Greedy non-maximum suppression written out in numpy."""
    cases = []
    for axes, overlap in [(2, 0.5), (2, 0.1), (3, 0.25)]:
        n = 40
        low = random.uniform(0, 60, (n, axes))
        high = low + random.uniform(5, 30, (n, axes))
        score = np.round(random.uniform(0.05, 1, n), 4)
        kind = random.integers(0, 2, n)
        kept = []
        for a in np.argsort(-score, kind="stable"):
            def iou(b):
                inner = np.prod(np.clip(np.minimum(high[a], high[b]) - np.maximum(low[a], low[b]), 0, None))
                return inner / (np.prod(high[a] - low[a]) + np.prod(high[b] - low[b]) - inner)
            if score[a] > 0.2 and all(kind[b] != kind[a] or iou(b) <= overlap for b in kept):
                kept.append(int(a))
        cases.append({"axes": axes, "overlap": overlap, "low": low.tolist(), "high": high.tolist(), "score": score.tolist(), "class": kind.tolist(), "kept": kept})
    return cases


golden = {"resample": resample_cases(), "itk": itk_case(), "orient": orient_cases(), "values": value_cases(), "pictures": picture_cases(),
          "components": component_cases(), "importance": [{"size": s, "values": figures(importance(s[::-1]))} for s in ([5, 4, 3], [8, 6, 1])],
          "scores": score_cases(), "boxes": box_cases()}
with open("golden.json", "w") as f:
    for n, (name, content) in enumerate(golden.items()):
        f.write(("{" if n == 0 else ",\n") + json.dumps(name) + ": " + json.dumps(content, separators=(",", ":")))
    f.write("}\n")
