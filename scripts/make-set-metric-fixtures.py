"""Golden values for the set metrics of src/evaluation (KID, FID, MS-SSIM) by numpy and scipy, as METHOD's formulas read.

  python3 scripts/make-set-metric-fixtures.py     writes test/evaluation/fixtures/{kid,fid,msSsim}.fixture.json
"""
import json
import os

import numpy as np
from scipy import linalg, ndimage

FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "evaluation", "fixtures")


def save(name, value):
    with open(os.path.join(FOLDER, name + ".fixture.json"), "w") as f:
        json.dump(value, f)


def kid(x, y):
    dim = x.shape[1]
    k = lambda a, b: (a @ b.T / dim + 1) ** 3
    n, m = len(x), len(y)
    xx, yy = k(x, x), k(y, y)
    np.fill_diagonal(xx, 0)
    np.fill_diagonal(yy, 0)
    return float(xx.sum() / (n * (n - 1)) + yy.sum() / (m * (m - 1)) - 2 * k(x, y).mean())


def frechet(mx, sx, my, sy):
    root = linalg.sqrtm(sx @ sy)
    return float(((mx - my) ** 2).sum() + np.trace(sx) + np.trace(sy) - 2 * np.trace(root).real)


def rounded(a):
    return np.round(a, 4).astype(np.float32)


rng = np.random.default_rng(11)
x = rounded(rng.normal(size=(23, 5)))
y = rounded(0.7 * rng.normal(size=(31, 5)) + 0.4)
x64, y64 = x.astype(float), y.astype(float)
save("kid", {"dim": 5, "real": x64.ravel().tolist(), "fake": y64.ravel().tolist(), "kid": kid(x64, y64)})

mix = rng.normal(size=(6, 6))
x = rounded(rng.normal(size=(40, 6)) @ mix)
y = rounded(rng.normal(size=(35, 6)) @ mix.T + 0.5)
x64, y64 = x.astype(float), y.astype(float)
a, b = rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
sa, sb, ma, mb = a @ a.T, b @ b.T, rng.normal(size=4), rng.normal(size=4)
save(
    "fid",
    {
        "dim": 6,
        "real": x64.ravel().tolist(),
        "fake": y64.ravel().tolist(),
        "fid": frechet(x64.mean(0), np.cov(x64.T), y64.mean(0), np.cov(y64.T)),
        "gaussians": {
            "meanA": ma.tolist(),
            "covA": sa.ravel().tolist(),
            "meanB": mb.tolist(),
            "covB": sb.ravel().tolist(),
            "frechet": frechet(ma, sa, mb, sb),
        },
    },
)

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
g = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
g /= g.sum()


def smooth(v):
    for axis in range(3):
        v = ndimage.correlate1d(v, g, axis=axis)
    return v[5:-5, 5:-5, 5:-5]  # the windows that lie inside


def halve(v):
    v = v[: v.shape[0] // 2 * 2, : v.shape[1] // 2 * 2, : v.shape[2] // 2 * 2]
    return v.reshape(v.shape[0] // 2, 2, v.shape[1] // 2, 2, v.shape[2] // 2, 2).mean((1, 3, 5))


def ms_ssim(a, b, scales, peak=1.0):
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    w = WEIGHTS[:scales] / WEIGHTS[:scales].sum()
    value, terms = 1.0, []
    for s in range(scales):
        ma, mb = smooth(a), smooth(b)
        va, vb, cov = smooth(a * a) - ma**2, smooth(b * b) - mb**2, smooth(a * b) - ma * mb
        cs = (2 * cov + c2) / (va + vb + c2)
        l = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
        term = (cs * l).mean() if s == scales - 1 else cs.mean()
        terms.append(float(term))
        value *= max(term, 0) ** w[s]
        a, b = halve(a), halve(b)
    return {"value": float(value), "terms": terms, "scales": scales}


# Sizes z, y, x: 26 x 24 x 23, odd sides included; nine grey values, so that a digit stores a voxel.
field = ndimage.gaussian_filter(rng.normal(size=(26, 24, 23)), 1.5)
field2 = 0.8 * field + 0.4 * ndimage.gaussian_filter(rng.normal(size=field.shape), 1.5)
grey = lambda f: np.clip(np.round(4.5 + 4.5 * f / 0.25), 0, 9).astype(int)
p, q = grey(field), grey(field2)
# Five scales need 176 voxels a side; a formula says the volume, so nothing is stored.
k, j, i = np.meshgrid(np.arange(176.0), np.arange(177.0), np.arange(178.0), indexing="ij")
wave = 0.5 + 0.5 * np.sin(0.21 * i + 0.13 * j * np.cos(0.05 * k))
shifted = 0.5 + 0.4 * np.sin(0.21 * i + 0.13 * j * np.cos(0.05 * k) + 0.6)
save(
    "msSsim",
    {
        "size": [23, 24, 26],
        "a": "".join(map(str, p.ravel())),
        "b": "".join(map(str, q.ravel())),
        "grey": ms_ssim(p / 9, q / 9, 2),
        "binary": ms_ssim((p > 4).astype(float), (q > 4).astype(float), 2),
        "waves": ms_ssim(wave, shifted, 5),
    },
)
