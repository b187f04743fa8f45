"""PyTorch's values and gradients for the tests of the engine, written to test/fixtures/torch/*.safetensors.

    /usr/bin/python3 scripts/make_torch_fixtures.py        (torch 1.13 of Debian bookworm; deterministic)

All is computed in float64 on inputs that are whole float32 numbers, and stored as float32: the fixtures are exact to the
last digit that our float32 could have. A case `name` holds its operands `name/x`, `name/w`, ..., the result `name/y`, the
gradient `name/dy` that was fed back (losses: none, they are scalars), and the gradients `name/d_x`, ...
"""
import json
import math
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "fixtures", "torch")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.default_rng(2024)


def normal(*shape, scale=1.0):
    """Normal numbers that float32 holds exactly."""
    return torch.from_numpy((scale * rng.standard_normal(shape)).astype(np.float32).astype(np.float64))


def write(file, tensors, **metadata):
    header, chunks, at = {"__metadata__": {"torch": torch.__version__, **metadata}}, [], 0
    for name, t in sorted(tensors.items(), key=lambda item: item[1].dtype == torch.int32):
        array = t.detach().numpy()
        array = array.astype("<i4") if t.dtype == torch.int32 else array.astype("<f4")
        header[name] = {
            "dtype": "I32" if array.dtype.kind == "i" else "F32",
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        chunks.append(array.tobytes())
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(FOLDER, file), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def record(store, name, f, operands, fixed=()):
    """Runs y = f(**operands), feeds a random dy back, stores everything; `fixed` operands take no gradient."""
    leaves = {k: v.clone().requires_grad_(k not in fixed) for k, v in operands.items()}
    y = f(**leaves)
    dy = normal(*y.shape) if y.dim() else torch.ones(())
    (y * dy).sum().backward()
    for k, v in leaves.items():
        store[f"{name}/{k}"] = v.detach().to(torch.int32) if k == "index" else v
        if k not in fixed:
            store[f"{name}/d_{k}"] = v.grad
    store[f"{name}/y"] = y
    if y.dim():
        store[f"{name}/dy"] = dy


def layers():
    s = {}
    conv = lambda x, w, b, **k: F.conv3d(x, w, b, **k)
    edge = lambda x: F.pad(x, (1,) * 6, mode="replicate")
    vol, b = normal(2, 8, 4, 3, 5), normal(8)
    record(s, "conv3", lambda x, w, b: conv(x, w, b, padding=1), dict(x=vol, w=normal(8, 8, 3, 3, 3), b=b))
    record(s, "conv1", lambda x, w, b: conv(x, w, b), dict(x=vol, w=normal(8, 8, 1, 1, 1), b=b))
    record(s, "convReplicate", lambda x, w, b: conv(edge(x), w, b),
           dict(x=normal(1, 3, 3, 4, 2), w=normal(2, 3, 3, 3, 3), b=normal(2)))
    record(s, "convStride2", lambda x, w, b: conv(x, w, b, stride=2, padding=1),
           dict(x=normal(2, 3, 4, 6, 4), w=normal(4, 3, 4, 4, 4), b=normal(4)))
    record(s, "convStride2Replicate", lambda x, w, b: conv(edge(x), w, b, stride=2),
           dict(x=normal(1, 3, 4, 6, 2), w=normal(4, 3, 4, 4, 4), b=normal(4)))
    record(s, "conv3Stride2", lambda x, w, b: conv(x, w, b, stride=2, padding=1),
           dict(x=normal(1, 3, 5, 4, 3), w=normal(4, 3, 3, 3, 3), b=normal(4)))
    record(s, "upsampleConv", lambda x, w, b: conv(F.interpolate(x, scale_factor=2, mode="nearest"), w, b, padding=1),
           dict(x=normal(2, 4, 2, 3, 2), w=normal(3, 4, 3, 3, 3), b=normal(3)))
    record(s, "groupNorm", lambda x, w, b: F.group_norm(x, 4, w[0], b[0], 1e-5),
           dict(x=3 + 2 * normal(2, 8, 2, 3, 4), w=normal(1, 8), b=normal(1, 8)))
    record(s, "silu", lambda x: F.silu(x), dict(x=normal(50, scale=4)))
    record(s, "gelu", lambda x: F.gelu(x), dict(x=normal(50, scale=2)))
    record(s, "linear", lambda x, w, b: F.linear(x, w, b), dict(x=normal(5, 7), w=normal(3, 7), b=normal(3)))
    record(s, "embedding", lambda index, table: F.embedding(index, table),
           dict(index=torch.tensor([3, 0, 3, 1, 3]), table=normal(5, 4)), fixed=("index",))
    sdpa = lambda q, k, v: torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1) @ v
    record(s, "sdpa", sdpa, dict(q=normal(2, 3, 6, 4), k=normal(2, 3, 6, 4), v=normal(2, 3, 6, 4)))
    for name, size in (("resizeUp", (5, 3, 7)), ("resizeDown", (2, 3, 2))):
        f = lambda x, size=size: F.interpolate(x, size=size, mode="trilinear", align_corners=False)
        record(s, name, f, dict(x=normal(2, 2, 3, 3, 4)))

    # Self-attention over voxels with PyTorch's own module: norm, projections, two heads, residual.
    def attention(x, scale, shift, qkv, qkvBias, out, outBias):
        n, c, *size = x.shape
        rows = F.group_norm(x, 2, scale[0], shift[0], 1e-5).flatten(2).permute(2, 0, 1)
        y, _ = F.multi_head_attention_forward(
            rows, rows, rows, c, 2, qkv[:, :, 0, 0, 0], qkvBias, None, None, False, 0.0,
            out[:, :, 0, 0, 0], outBias, need_weights=False)
        return x + y.permute(1, 2, 0).reshape(x.shape)

    record(s, "attention", attention, dict(
        x=normal(2, 8, 2, 3, 2), scale=normal(1, 8), shift=normal(1, 8), qkv=normal(24, 8, 1, 1, 1, scale=0.4),
        qkvBias=normal(24), out=normal(8, 8, 1, 1, 1), outBias=normal(8)))
    write("layers.safetensors", s)


def losses():
    s = {}
    bits = (normal(2, 3, 4) > 0).to(torch.float64)
    pair = dict(a=normal(2, 3, 4, scale=1.5), b=normal(2, 3, 4, scale=1.5))
    record(s, "mse", lambda a, b: F.mse_loss(a, b), pair)
    record(s, "l1", lambda a, b: F.l1_loss(a, b), pair)
    record(s, "smoothL1", lambda a, b: F.smooth_l1_loss(a, b), pair)
    logits = dict(a=normal(2, 3, 4, scale=8), b=bits)
    record(s, "bceWithLogits", lambda a, b: F.binary_cross_entropy_with_logits(a, b), logits, fixed=("b",))

    def dice(a, b):
        p = torch.sigmoid(a)
        return (1 - (2 * (p * b).sum((1, 2)) + 1) / (p.sum((1, 2)) + b.sum((1, 2)) + 1)).mean()

    record(s, "softDice", dice, logits, fixed=("b",))
    write("losses.safetensors", s)


def optimisers():
    s = {}
    shapes, steps, rate, decay = {"a": (3, 4), "b": (5,)}, 5, 0.01, 0.05
    start = {k: normal(*v) for k, v in shapes.items()}
    for k, v in start.items():
        s[f"start/{k}"] = v
    # Norms around 1: some steps are clipped, some are not.
    gradients = [{k: normal(*v, scale=0.3 if t % 2 else 0.1) for k, v in shapes.items()} for t in range(steps)]
    for t, step in enumerate(gradients):
        for k, v in step.items():
            s[f"gradient{t + 1}/{k}"] = v
    for name, make in (
        ("adam", lambda p: torch.optim.Adam(p, lr=rate)),
        ("adamw", lambda p: torch.optim.AdamW(p, lr=rate, weight_decay=decay)),
    ):
        p = {k: v.clone().requires_grad_() for k, v in start.items()}
        ema = {k: v.clone() for k, v in start.items()}
        optimiser = make(p.values())
        for t in range(1, steps + 1):
            for k in p:
                p[k].grad = gradients[t - 1][k].clone()
            s[f"{name}/norm{t}"] = torch.nn.utils.clip_grad_norm_(p.values(), 1.0)
            optimiser.step()
            for k in p:
                ema[k].lerp_(p[k].detach(), 1 - min(0.995, (1 + t) / (10 + t)))
                s[f"{name}/{k}{t}"] = p[k].detach().clone()
        for k in p:
            s[f"{name}/ema/{k}"] = ema[k]
    write("optimisers.safetensors", s, rate=str(rate), decay=str(decay))


def unet():
    """The network of src/models/unet.ts as one function over named weights, and the gradient of the mean squared error."""
    cfg = dict(width=4, multipliers=[1, 2], blocks=1, groups=2, attention=[1], headChannels=4, classes=2)
    width, groups = cfg["width"], cfg["groups"]
    weights = {}

    def w(name, *shape, scale=None):
        if name not in weights:
            fan = math.prod(shape[1:]) or 1
            weights[name] = normal(*shape, scale=scale or 1 / math.sqrt(fan)).requires_grad_()
        return weights[name]

    def conv(name, x, out, kernel=3, **k):
        k = {"padding": 0 if kernel == 1 else 1, **k}
        return F.conv3d(x, w(f"{name}.weight", out, x.shape[1], *(kernel,) * 3), w(f"{name}.bias", out, scale=0.2), **k)

    def linear(name, x, out):
        return F.linear(x, w(f"{name}.weight", out, x.shape[1]), w(f"{name}.bias", out, scale=0.2))

    def norm(name, x):
        return F.group_norm(x, groups, w(f"{name}.scale", 1, x.shape[1])[0], w(f"{name}.shift", 1, x.shape[1])[0], 1e-5)

    def block(name, x, out, e):
        h = conv(f"{name}.conv1", F.silu(norm(f"{name}.norm1", x)), out)
        scale, shift = linear(f"{name}.norm2.embedding", e, 2 * out)[:, :, None, None, None].chunk(2, 1)
        h = F.silu(norm(f"{name}.norm2", h) * (1 + scale) + shift)
        skip = x if x.shape[1] == out else conv(f"{name}.skip", x, out, kernel=1)
        return skip + conv(f"{name}.conv2", h, out)

    def attention(name, x):
        n, c = x.shape[:2]
        heads = c // cfg["headChannels"]
        q, k, v = conv(f"{name}.qkv", norm(f"{name}.norm", x), 3 * c, kernel=1).reshape(n, 3 * heads, c // heads, -1).chunk(3, 1)
        a = torch.softmax(torch.einsum("nhdi,nhdj->nhij", q, k) / math.sqrt(c // heads), -1)
        return x + conv(f"{name}.out", torch.einsum("nhij,nhdj->nhdi", a, v).reshape(x.shape), c, kernel=1)

    def network(x, t, label):
        size = x.shape[2:]
        lack = [-d % 2 for d in size]
        h = F.pad(x, (0, lack[2], 0, lack[1], 0, lack[0]))
        f = (1000 * 10000 ** (-torch.arange(width) / width)).float().double()
        angle = t[:, None] * f
        e = linear("time1", torch.cat([angle.cos(), angle.sin()], 1), 4 * width)
        e = linear("time2", F.silu(e), 4 * width)
        e = F.silu(e + F.embedding(label, w("class.weight", cfg["classes"] + 1, 4 * width)))
        h = conv("in", h, width)
        h = block("down.0.block0", h, width, e)
        skips = [h]
        h = conv("down.0.downsample", h, width, kernel=4, stride=2)
        h = attention("down.1.attention", block("down.1.block0", h, 2 * width, e))
        skips.append(h)
        h = block("middle.block1", attention("middle.attention", block("middle.block0", h, 2 * width, e)), 2 * width, e)
        h = attention("up.1.attention", block("up.1.block0", torch.cat([h, skips.pop()], 1), 2 * width, e))
        h = conv("up.1.upsample", F.interpolate(h, scale_factor=2, mode="nearest"), width)
        h = block("up.0.block0", torch.cat([h, skips.pop()], 1), width, e)
        h = conv("out", F.silu(norm("normOut", h)), x.shape[1])
        return h[:, :, : size[0], : size[1], : size[2]]

    x, target = normal(2, 2, 7, 5, 6), normal(2, 2, 7, 5, 6)
    t, label = torch.tensor([0.25, 0.8125]), torch.tensor([2, 0])
    y = network(x, t, label)
    loss = F.mse_loss(y, target)
    loss.backward()
    s = dict(x=x, target=target, t=t, label=label.to(torch.int32), y=y, loss=loss)
    for name, p in weights.items():
        s[f"weight/{name}"], s[f"gradient/{name}"] = p, p.grad
    write("unet.safetensors", s, config=json.dumps(cfg))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    layers()
    losses()
    optimisers()
    unet()
