"""Golden values for src/evaluation by numpy and scipy alone, written as METHOD's formulas read, without any speed-up.

  python3 scripts/make-evaluation-fixtures.py     writes test/evaluation/fixtures/*.fixture.json
"""
import json
import os

import numpy as np
from scipy import ndimage
from scipy.spatial.distance import cdist

FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "evaluation", "fixtures")
os.makedirs(FOLDER, exist_ok=True)


def save(name, value):
    with open(os.path.join(FOLDER, name + ".fixture.json"), "w") as f:
        json.dump(value, f)


def prdc(x, y, kp=3, kd=5):
    xx, yy, xy = cdist(x, x), cdist(y, y), cdist(x, y)
    rx3, rx5 = np.sort(xx, axis=1)[:, kp], np.sort(xx, axis=1)[:, kd]  # column 0 is the point itself
    ry3 = np.sort(yy, axis=1)[:, kp]
    return {
        "precision": float(np.mean([(xy[:, j] < rx3).any() for j in range(len(y))])),
        "recall": float(np.mean([(xy[i, :] < ry3).any() for i in range(len(x))])),
        "density": float(sum((xy[:, j] < rx5).sum() for j in range(len(y))) / (kd * len(y))),
        "coverage": float(np.mean([xy[i, :].min() < rx5[i] for i in range(len(x))])),
    }


def set_metrics(x, y):
    xx, yy, xy = cdist(x, x), cdist(y, y), cdist(x, y)
    union = np.block([[xx, xy], [xy.T, yy]])
    np.fill_diagonal(union, np.inf)
    label = np.array([0] * len(x) + [1] * len(y))
    return {
        "oneNna": float(np.mean(label[union.argmin(axis=1)] == label)),
        "cov": len(set(xy.argmin(axis=0).tolist())) / len(x),
        "mmd": float(xy.min(axis=1).mean()),
    }


rng = np.random.default_rng(7)
x = rng.normal(size=(70, 6)).astype(np.float32)
y = (0.8 * rng.normal(size=(55, 6)) + 0.2).astype(np.float32)
x64, y64 = x.astype(float), y.astype(float)
save("sets", {"dim": 6, "real": x.ravel().tolist(), "fake": y.ravel().tolist(), "prdc": prdc(x64, y64), **set_metrics(x64, y64)})

a = rng.normal(size=(40, 3)).astype(np.float32) * [30, 20, 10]
b = rng.normal(size=(25, 3)).astype(np.float32) * [25, 25, 10] + 3
a, b = a.astype(np.float32), b.astype(np.float32)
d2 = cdist(a.astype(float), b.astype(float)) ** 2
save("chamfer", {"a": a.ravel().tolist(), "b": b.ravel().tolist(), "chamfer": float(d2.min(1).mean() + d2.min(0).mean())})

# Two blobs on an anisotropic grid; numpy's axes are z, y, x.
shape, spacing = (9, 14, 12), (2.5, 0.9, 1.1)


def blob():
    field = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    mask = field > 0.04
    mask[0] = field[0] > 0.08  # touches the edge of the grid in places
    return mask


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask, border_value=0)


m1, m2 = blob(), blob()
s1, s2 = surface(m1), surface(m2)
d12 = ndimage.distance_transform_edt(~s2, sampling=spacing)[s1]
d21 = ndimage.distance_transform_edt(~s1, sampling=spacing)[s2]
both = np.concatenate([d12, d21])
save(
    "surface",
    {
        "size": list(shape[::-1]),
        "spacing": list(spacing[::-1]),
        "a": "".join(map(str, m1.astype(int).ravel())),
        "b": "".join(map(str, m2.astype(int).ravel())),
        "dice": float(2 * (m1 & m2).sum() / (m1.sum() + m2.sum())),
        "iou": float((m1 & m2).sum() / (m1 | m2).sum()),
        "surfaceVoxels": [int(s1.sum()), int(s2.sum())],
        "hd95Pooled": float(np.percentile(both, 95)),
        "hd95DirectedMax": float(max(np.percentile(d12, 95), np.percentile(d21, 95))),
        "assd": float(both.mean()),
        "surfaceDice": {"1": float((both <= 1).mean()), "2.2": float((both <= 2.2).mean())},
        "edtMm": ndimage.distance_transform_edt(~m1, sampling=spacing).astype(np.float32).ravel().tolist(),
    },
)

# Solids that a formula says, so that only numbers are stored: voxel centres at index x spacing, axes z, y, x.
shape, spacing = (20, 48, 64), (3.0, 1.25, 0.8)
z, y, x = np.meshgrid(*(s * np.arange(n) for n, s in zip(shape, spacing)), indexing="ij")


def ball(centre, radius):
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= radius**2


def box(low, high):
    inside = np.ones(shape, dtype=bool)
    for p, a, b in zip((x, y, z), low, high):
        inside &= (p >= a) & (p <= b)
    return inside


def compare(m1, m2):
    s1, s2 = surface(m1), surface(m2)
    d12 = ndimage.distance_transform_edt(~s2, sampling=spacing)[s1]
    d21 = ndimage.distance_transform_edt(~s1, sampling=spacing)[s2]
    both = np.concatenate([d12, d21])
    return {
        "dice": float(2 * (m1 & m2).sum() / (m1.sum() + m2.sum())),
        "hd95Pooled": float(np.percentile(both, 95)),
        "hd95DirectedMax": float(max(np.percentile(d12, 95), np.percentile(d21, 95))),
        "assd": float(both.mean()),
        "surfaceDice": {str(t): float((both <= t * (1 + 1e-6)).mean()) for t in (1, 2.5, 6)},
    }


SOLIDS = {
    "ball and ball": ({"centre": [25.6, 30, 30], "radius": 20}, {"centre": [28, 27.5, 33], "radius": 16}),
    "ball and box": ({"centre": [25.6, 30, 30], "radius": 20}, {"low": [10, 12, 12], "high": [40, 50, 45]}),
    "box and box": ({"low": [8, 10, 9], "high": [40, 50, 48]}, {"low": [16, 20, 15], "high": [36, 45, 51]}),
}
made = lambda s: ball(s["centre"], s["radius"]) if "centre" in s else box(s["low"], s["high"])
save(
    "solids",
    {
        "size": list(shape[::-1]),
        "spacing": list(spacing[::-1]),
        "pairs": {name: {"a": a, "b": b, **compare(made(a), made(b))} for name, (a, b) in SOLIDS.items()},
    },
)

# PRDC of two standard normal sets, k = 5 throughout: mean and deviation over draws, so that any generator can be judged.
rng = np.random.default_rng(13)
draws = []
for _ in range(60):
    draws.append(prdc(rng.normal(size=(600, 64)), rng.normal(size=(600, 64)), 5, 5))
save(
    "normalPrdc",
    {
        "count": 600,
        "dim": 64,
        "draws": len(draws),
        "mean": {k: float(np.mean([d[k] for d in draws])) for k in draws[0]},
        "deviation": {k: float(np.std([d[k] for d in draws], ddof=1)) for k in draws[0]},
    },
)
