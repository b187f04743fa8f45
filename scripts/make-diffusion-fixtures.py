"""Golden values for src/diffusion by numpy alone, written as the papers' formulas read, in extended precision.

  python3 scripts/make-diffusion-fixtures.py     writes test/diffusion/fixtures/schedule.fixture.json
"""
import json
import os

import numpy as np

FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "diffusion", "fixtures")


def cosine(total):
    """alpha_bar(t) = f(t) / f(0), beta_t = 1 - alpha_bar(t) / alpha_bar(t - 1) for t = 1..T, at most 0.9999."""
    t = np.arange(total + 1, dtype=np.longdouble)
    half_pi = np.arctan2(np.longdouble(1), np.longdouble(0))
    f = np.cos((t / total + np.longdouble("0.008")) / np.longdouble("1.008") * half_pi) ** 2
    bar = f / f[0]
    return np.minimum(1 - bar[1:] / bar[:-1], np.longdouble("0.9999"))


def linear(total):
    scale = np.longdouble(1000) / total
    return np.linspace(np.longdouble("1e-4") * scale, np.longdouble("0.02") * scale, total, dtype=np.longdouble)


cases = []
for name, schedule, totals in [("cosine", cosine, (1, 10, 300, 1000)), ("linear", linear, (25, 300, 1000))]:
    for total in totals:
        betas = schedule(total)
        k = sorted({0, min(1, total - 1), total // 3, total // 2, max(0, total - 2), total - 1})
        cases.append({
            "name": name,
            "steps": total,
            "k": [int(i) for i in k],
            "beta": [float(betas[i]) for i in k],
            # exp(sum log) rather than a running product: another way to the same numbers
            "cumulative": [float(np.exp(np.log1p(-betas[: i + 1]).sum())) for i in k],
        })
os.makedirs(FOLDER, exist_ok=True)
with open(os.path.join(FOLDER, "schedule.fixture.json"), "w") as f:
    json.dump(cases, f)
