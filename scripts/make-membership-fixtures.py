"""Golden values for the statistics of src/privacy/membership by numpy and scipy; DeLong's variance as its definition reads.

  python3 scripts/make-membership-fixtures.py     writes test/privacy/membership/fixtures/statistics.fixture.json
"""
import json
import os

import numpy as np
from scipy import stats

FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "privacy", "membership", "fixtures")
rng = np.random.default_rng(5)


def delong(x, y):
    """AUC and its variance from the m x n table of psi = 1, 1/2, 0."""
    psi = (x[:, None] > y[None]) + 0.5 * (x[:, None] == y[None])
    v10, v01 = psi.mean(1), psi.mean(0)
    return psi.mean(), v10.var(ddof=1) / len(x) + v01.var(ddof=1) / len(y)


def comparison(x, y, method):
    auc, variance = delong(x, y)
    p = stats.mannwhitneyu(x, y, alternative="greater", method=method).pvalue
    return dict(members=x.tolist(), others=y.tolist(), auc=auc, variance=variance, pValue=p)


def pair(m, n, shift, digits):
    return np.round(rng.normal(shift, 1, m), digits), np.round(rng.normal(0, 1, n), digits)


rank = [
    comparison(*pair(7, 11, 0.8, 6), "exact"),
    comparison(*pair(30, 12, 0.3, 6), "exact"),
    comparison(*pair(3, 5, 9, 6), "exact"),
    comparison(*pair(160, 40, 0.4, 6), "asymptotic"),
    comparison(*pair(25, 60, 0.5, 0), "asymptotic"),
    comparison(*pair(90, 75, -0.4, 1), "asymptotic"),
]
clopper = []
for k, n in [(0, 10), (10, 10), (1, 1), (3, 40), (7, 160), (99, 100), (500, 1000), (1, 5000)]:
    low = 0.0 if k == 0 else stats.beta.ppf(0.025, k, n - k + 1)
    high = 1.0 if k == n else stats.beta.ppf(0.975, k + 1, n - k)
    clopper.append([k, n, low, high])
hypergeometric = [[k, t, m, d, stats.hypergeom.cdf(k, t, m, d)] for k, t, m, d in
                  [(0, 20, 5, 4), (2, 200, 100, 15), (1, 1000, 300, 9), (5, 12, 5, 7), (0, 200, 40, 7)]]
normal = [[z, stats.norm.sf(z)] for z in [-6, -1.5, 0, 0.3, 1.959964, 2.999, 3, 3.001, 5, 8, 20]]
x = np.round(rng.normal(size=(3, 40)), 6)
y = np.round(2 * x[0] - x[2] + rng.normal(size=40), 6)
design = np.c_[np.ones(40), x.T]
residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
os.makedirs(FOLDER, exist_ok=True)
with open(os.path.join(FOLDER, "statistics.fixture.json"), "w") as f:
    json.dump(dict(rank=rank, clopper=clopper, hypergeometric=hypergeometric, normal=normal,
                   regression=dict(x=x.tolist(), y=y.tolist(), residuals=residuals.tolist())), f)
