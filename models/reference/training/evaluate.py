"""Compares the exported student with the teacher on whole heads.

    python evaluate.py --teacher teacher.onnx --student t1-tissue.onnx --heads heads/ [--json out.json] [name ...]

The teacher sees the whole conformed 256^3 volume. The student sees what the
runner gives it: the box of voxels above --threshold, grown by --margin, padded
with zeros to the multiple. Dice is taken over the whole 256^3.
"""
import argparse
import json
import pathlib
import resource
import time

import numpy as np
import onnxruntime as ort

from heads import minmax
from model import MULTIPLE
from teacher import Teacher


def session(path, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def box(v, threshold, margin):
    slices = []
    for axis in range(3):
        other = tuple(k for k in range(3) if k != axis)
        where = np.flatnonzero((v > threshold).any(other))
        slices.append(slice(max(0, where[0] - margin), min(v.shape[axis], where[-1] + 1 + margin)))
    return tuple(slices)


def segment(s, v, threshold, margin):
    """-> labels uint8 of v's shape, the padded box's shape."""
    at = box(v, threshold, margin)
    x = v[at]
    padded = np.zeros([-(-n // MULTIPLE) * MULTIPLE for n in x.shape], np.float32)
    padded[tuple(slice(0, n) for n in x.shape)] = x
    y = s.run(None, {"t1": padded[None, None]})[0]
    out = np.zeros(v.shape, np.uint8)
    out[at] = y[tuple(slice(0, n) for n in x.shape)]
    return out, padded.shape


def dice(a, b):
    return round(2.0 * int((a & b).sum()) / max(1, int(a.sum()) + int(b.sum())), 4)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--teacher", required=True)
    p.add_argument("--student", required=True)
    p.add_argument("--heads", required=True, type=pathlib.Path)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--threshold", type=float, default=0.05)
    p.add_argument("--margin", type=int, default=4)
    p.add_argument("--cache", type=pathlib.Path, help="folder for the teacher's labels")
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("names", nargs="*")
    a = p.parse_args()
    student, teacher = session(a.student, a.threads), None
    rows = {}
    for name in a.names or sorted(f.stem for f in a.heads.glob("*.npy")):
        v = minmax(np.load(a.heads / f"{name}.npy").astype(np.float32))
        cached = a.cache / f"{name}.npy" if a.cache else None
        if cached and cached.exists():
            want = np.load(cached)
        else:
            teacher = teacher or Teacher(a.teacher, a.threads)
            want = teacher.labels(v)
            if cached:
                a.cache.mkdir(parents=True, exist_ok=True)
                np.save(cached, want)
        began = time.perf_counter()
        got, shape = segment(student, v, a.threshold, a.margin)
        ml = [[int((y == k).sum()) / 1000 for k in (1, 2)] for y in (want, got)]
        rows[name] = {"white": dice(want == 1, got == 1), "grey": dice(want == 2, got == 2),
                      "teacher_ml": ml[0], "student_ml": ml[1],
                      "box": list(shape), "seconds": round(time.perf_counter() - began, 2)}
        print(f"{name:10s} white {rows[name]['white']:.4f} grey {rows[name]['grey']:.4f} "
              f"ml teacher {ml[0]} student {ml[1]} box {shape} {rows[name]['seconds']} s", flush=True)
    print("peak memory MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    if a.json:
        a.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
