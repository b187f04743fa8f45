"""The steps of bench/ingest.ts that SciPy, NumPy or nibabel have too, on the same volume: the peer of its `kernels` process.

Arrays are [z, y, x] with x fastest, as ours lie in memory; each step is done in the fastest of the ways that were tried.
Reads one JSON line a step and answers with one: seconds, a count of voxels that shows that both did the same, and the
peak of this process.
"""
import json
import resource
import sys
import time

import nibabel
import numpy
import scipy
from scipy import ndimage

FULL = numpy.ones((3, 3, 3), bool)
FACES = ndimage.generate_binary_structure(3, 1)

cfg = json.loads(sys.argv[1])
scan = mask = None


def read():
    global scan
    scan = numpy.asarray(nibabel.load(cfg["scan"]).dataobj).T
    return scan, lambda a: a >= cfg["high"]


def hysteresis():
    """One labelling and a table; on a trial volume `binary_propagation` was no faster."""
    labels, n = ndimage.label(scan >= cfg["low"], FULL)
    keep = numpy.zeros(n + 1, bool)
    keep[labels[scan >= cfg["high"]]] = True
    keep[0] = False
    return keep[labels], None


def largest():
    labels, _ = ndimage.label(scan >= cfg["high"], FULL)
    sizes = numpy.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.argmax(), None


def holes():
    labels, _ = ndimage.label(mask == 0, FACES)
    fill = numpy.bincount(labels.ravel()) <= cfg["hole"]
    fill[0] = False
    for axis in range(3):
        for end in (0, -1):
            fill[labels.take(end, axis)] = False
    return (mask != 0) | fill[labels], None


def closing():
    """With the ball as structuring element: exact distances (`distance_transform_edt`, twice) took three times as long."""
    step = numpy.array(cfg["spacing"][::-1])
    reach = numpy.floor(cfg["radius"] / step).astype(int)
    offsets = numpy.indices(2 * reach + 1) - reach.reshape(3, 1, 1, 1)
    ball = ((offsets * step.reshape(3, 1, 1, 1)) ** 2).sum(0) <= (cfg["radius"] * (1 + 1e-9)) ** 2
    return ndimage.binary_erosion(ndimage.binary_dilation(mask, ball), ball, border_value=1), None


def resample():
    """No averaging over the target's voxels, as the `resample` beside it."""
    m = numpy.array(cfg["map"]).reshape(3, 4)
    soft = ndimage.affine_transform(
        mask, m[::-1, 2::-1], m[::-1, 3], cfg["grid"][::-1], output=numpy.float32, order=1, mode="grid-constant"
    )
    return soft >= 0.5 - 1e-6, None


print(json.dumps({"version": f"NumPy {numpy.__version__}, SciPy {scipy.__version__}, nibabel {nibabel.__version__}"}), flush=True)
for line in sys.stdin:
    step = json.loads(line)["step"]
    if step != "read" and mask is None:
        mask = numpy.fromfile(cfg["mask"], numpy.uint8).reshape(cfg["size"][::-1])
    start = time.perf_counter()
    out, count = globals()[step]()
    seconds = time.perf_counter() - start
    voxels = int((out if count is None else count(out)).sum())
    del out
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"seconds": seconds, "voxels": voxels, "peakGb": peak}), flush=True)
