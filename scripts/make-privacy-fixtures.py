"""Reference values for the privacy accountant, by brute-force integration at 40 digits (mpmath).

    /usr/bin/python3 scripts/make-privacy-fixtures.py > test/training/privacy/fixtures/accountant.json

moments: log E_Q [(P/Q)^order], P = (1-q) N(0,s^2) + q N(1,s^2), Q = N(0,s^2): the definition, integrated.
deltas:  E_P [max(0, 1 - exp(epsilon - L))] of one step, both directions, integrated.
erfc:    erfc(x).
"""
import json

from mpmath import erfc, exp, inf, log, mp, mpf, npdf, quad

mp.dps = 40


def ratio(x, q, s):
    return (1 - q) + q * exp((2 * x - 1) / (2 * s * s))


def points(s, order):
    # The integrand peaks near 0 and near `order`: break the line there.
    return [-inf, -12 * s, -4 * s, 0, 1, order, order + 4 * s, order + 12 * s, inf]


def moment(q, s, order):
    q, s, order = mpf(q), mpf(s), mpf(order)
    f = lambda x: npdf(x, 0, s) * ratio(x, q, s) ** order
    return float(log(quad(f, sorted(set(points(s, order)))))) if s < 1 else float(
        log(quad(f, sorted({-inf, -20 * s, -4 * s, mpf(0), mpf(1), order, order + 4 * s, order + 20 * s, inf}))))


def delta(q, s, epsilon, direction):
    q, s, epsilon = mpf(q), mpf(s), mpf(epsilon)
    p = lambda x: (1 - q) * npdf(x, 0, s) + q * npdf(x, 1, s)
    z = lambda x: npdf(x, 0, s)
    if direction == "add":
        p, z = z, p
    # Where p = exp(epsilon) z.
    e = exp(epsilon) if direction == "remove" else exp(-epsilon)
    inside = (e - (1 - q)) / q
    if inside <= 0:
        edge = None
    else:
        edge = s * s * log(inside) + mpf(1) / 2
    f = lambda x: p(x) - exp(epsilon) * z(x)
    if direction == "remove":
        if edge is None:
            return float(1 - exp(epsilon))
        return float(quad(f, [edge, edge + s, edge + 4 * s, edge + 20 * s, inf]))
    if edge is None:
        return 0.0
    return float(quad(f, [-inf, edge - 20 * s, edge - 4 * s, edge - s, edge]))


MOMENTS = [
    (1e-3, 1.0, 2), (1e-4, 1.0, 1.5), (0.01, 2.5, 1.5), (0.01, 2.5, 2.5), (0.01, 2.5, 50), (0.05, 0.8, 1.05),
    (0.05, 0.8, 3.7), (0.05, 0.8, 12), (0.05, 0.8, 9.25), (0.2, 0.5, 1.75), (0.2, 0.5, 7), (0.2, 0.5, 2.25),
    (0.01, 10.0, 20), (0.1, 30.0, 20.5), (0.5, 1.0, 4.5), (0.9, 2.0, 6.25), (0.99, 0.6, 3), (1e-6, 1.0, 27),
]
DELTAS = [(0.05, 0.8, 0.5), (0.05, 0.8, 1.5), (0.2, 0.5, 1.0), (0.2, 0.5, 3.0), (0.2, 2.0, 0.1), (0.5, 1.0, 0.4)]

print(json.dumps({
    "moments": [{"rate": q, "noise": s, "order": a, "value": moment(q, s, a)} for q, s, a in MOMENTS],
    "deltas": [
        {"rate": q, "noise": s, "epsilon": e, "remove": delta(q, s, e, "remove"), "add": delta(q, s, e, "add")}
        for q, s, e in DELTAS
    ],
    "erfc": [{"x": x, "value": float(erfc(mpf(x)))} for x in
             [-6.0, -2.5, -1.0, 0.0, 0.3, 1.0, 1.9, 1.999, 2.0, 2.5, 4.0, 8.0, 20.0]],
}, indent=1))
