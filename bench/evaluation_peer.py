"""The peer of bench/evaluation.ts: the same numbers by numpy, scipy and scikit-learn. One task a process; prints one line of JSON.

  python3 bench/evaluation_peer.py '{"task": "shared" | "separate" | "chamfer" | "hd95", ...}'
"""
import json
import resource
import sys
import time

import numpy as np

job = json.loads(sys.argv[1])
with open("/proc/self/maps") as maps:
    if "openblas" not in maps.read():
        print(json.dumps({"void": "numpy runs without OpenBLAS (Debian: libopenblas0)"}))
        sys.exit()


def features(name):
    return np.fromfile(job[name], dtype=np.float32).reshape(-1, job["dim"])


def mmd(n, m, xx, yy, xy):
    return float(xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m))


def prdc(real, fake, reach, n, m):
    """k = 5; reach: distances of all reals to all fakes; real, fake: distances to the k-th neighbour, by k."""
    inside = reach < real[5][:, None]
    return {
        "precision": float((reach < real[5][:, None]).any(axis=0).mean()),
        "recall": float((reach < fake[5][None, :]).any(axis=1).mean()),
        "density": float(inside.sum() / (5 * m)),
        "coverage": float(inside.any(axis=1).mean()),
    }


def kth(d):
    part = np.partition(d, (4, 5), axis=1)[:, :6]
    return {k: part[:, k].copy() for k in (4, 5)}


def probabilistic(reach, real, fake):
    def outside(radius, axis):
        return float((1 - np.minimum(1, reach / radius).prod(axis=axis)).mean())

    return {"precision": outside(1.2 * real[4].mean(), 0), "recall": outside(1.2 * fake[4].mean(), 1)}


def draws(n, m, subsets, size):
    rng = np.random.default_rng(0)
    return [(np.sort(rng.permutation(n)[:size]), np.sort(rng.permutation(m)[:size])) for _ in range(subsets)]


def shared():
    """Each matrix of inner products once, in float32: kernels and distances are made from it in place."""
    x, y = features("real"), features("fake")
    n, m = len(x), len(y)
    start = time.perf_counter()
    # Subsets of half of the sets at most, as ours: a draw of one member is none.
    subsets = draws(n, m, job["subsets"], min(1000, n // 2, m // 2))
    sums = {}

    def kernel(g, name, diagonal, pick):
        k = g / job["dim"]
        k += 1
        k *= k * k
        if diagonal:
            np.fill_diagonal(k, 0)
        sums[name] = (k.sum(dtype=float), [k[np.ix_(*pick(s))].sum(dtype=float) for s in subsets])

    def distances(g, p, q):
        g *= -2
        g += p[:, None]
        g += q[None, :]
        np.maximum(g, 0, out=g)
        return np.sqrt(g, out=g)

    p, q = (x * x).sum(axis=1), (y * y).sum(axis=1)
    g = x @ x.T
    kernel(g, "xx", True, lambda s: (s[0], s[0]))
    d = distances(g, p, p)
    np.fill_diagonal(d, 0)
    real = kth(d)
    g = y @ y.T
    kernel(g, "yy", True, lambda s: (s[1], s[1]))
    d = distances(g, q, q)
    np.fill_diagonal(d, 0)
    fake = kth(d)
    g = x @ y.T
    kernel(g, "xy", False, lambda s: s)
    reach = distances(g, p, q)
    size = len(subsets[0][0])
    several = [mmd(size, size, *(sums[k][1][s] for k in ("xx", "yy", "xy"))) for s in range(len(subsets))]
    kid = {"value": mmd(n, m, *(sums[k][0] for k in ("xx", "yy", "xy"))), "mean": float(np.mean(several))}
    numbers = {"prdc": prdc(real, fake, reach, n, m), "probabilisticPr": probabilistic(reach, real, fake), "kid": kid}
    return time.perf_counter() - start, numbers


def separate():
    """Metric by metric, as the published packages do: scikit-learn's distances, kernels of numpy."""
    from sklearn.metrics import pairwise_distances

    x, y = features("real"), features("fake")
    n, m = len(x), len(y)
    start = time.perf_counter()
    numbers = {}
    for name in ("prdc", "probabilisticPr"):
        real, fake, reach = kth(pairwise_distances(x)), kth(pairwise_distances(y)), pairwise_distances(x, y)
        numbers[name] = prdc(real, fake, reach, n, m) if name == "prdc" else probabilistic(reach, real, fake)

    def discrepancy(a, b):
        k = lambda p, q: (p @ q.T / job["dim"] + 1) ** 3
        xx, yy = k(a, a), k(b, b)
        np.fill_diagonal(xx, 0)
        np.fill_diagonal(yy, 0)
        return mmd(len(a), len(b), *(v.sum(dtype=float) for v in (xx, yy, k(a, b))))

    several = [discrepancy(x[s], y[t]) for s, t in draws(n, m, job["subsets"], min(1000, n // 2, m // 2))]
    numbers["kid"] = {"value": discrepancy(x, y), "mean": float(np.mean(several))}
    return time.perf_counter() - start, numbers


def chamfer():
    """Trees once a cloud; then the pairs of a sample, both ways."""
    from scipy.spatial import cKDTree

    clouds = np.fromfile(job["clouds"], dtype=np.float32).reshape(-1, job["points"], 3).astype(float)
    start, cpu = time.perf_counter(), time.process_time()
    trees = [cKDTree(c) for c in clouds]
    built, built_cpu = time.perf_counter() - start, time.process_time() - cpu
    rng = np.random.default_rng(0)
    pairs = [rng.choice(len(clouds), 2, replace=False) for _ in range(job["sample"])]
    start, cpu = time.perf_counter(), time.process_time()
    values = []
    for a, b in pairs:
        ab = trees[b].query(clouds[a], workers=job["threads"])[0]
        ba = trees[a].query(clouds[b], workers=job["threads"])[0]
        values.append(float((ab**2).mean() + (ba**2).mean()))
    scale = len(clouds) * (len(clouds) - 1) / 2 / len(pairs)
    seconds = built + scale * (time.perf_counter() - start)
    cpu = built_cpu + scale * (time.process_time() - cpu)
    numbers = {"pairs": [[int(a), int(b)] for a, b in pairs[:20]], "values": values[:20]}
    return seconds, numbers, cpu


def hd95():
    from scipy import ndimage

    n = job["size"]
    a, b = (np.fromfile(job[k], dtype=np.uint8).reshape(n, n, n) > 0 for k in ("a", "b"))
    start = time.perf_counter()
    box = ndimage.find_objects((a | b).astype(np.uint8))[0]
    a, b = np.pad(a[box], 1), np.pad(b[box], 1)
    sa, sb = (m & ~ndimage.binary_erosion(m) for m in (a, b))
    ab = ndimage.distance_transform_edt(~sb, sampling=job["spacing"])[sa]
    ba = ndimage.distance_transform_edt(~sa, sampling=job["spacing"])[sb]
    value = float(np.percentile(np.concatenate([ab, ba]), 95))
    return time.perf_counter() - start, {"hd95Pooled": value}


before = time.process_time()
seconds, numbers, *scaled = {"shared": shared, "separate": separate, "chamfer": chamfer, "hd95": hd95}[job["task"]]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
cpu = scaled[0] if scaled else time.process_time() - before  # with reading the data
print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "peakGb": peak, "numbers": numbers, "numpy": np.__version__}))
