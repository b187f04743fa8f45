"""The benchmark's U-Net in PyTorch: the peer of bench/engine.ts, block for block the network of src/models/unet.ts.

Reads a command a line (`train`, `sample`, `sample N` for the first N of the batch) and answers with one JSON line; so ours and the peer's steps can be
interleaved in one run. PyTorch uses as many threads as it is given.
"""
import json
import math
import resource
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

cfg = json.loads(sys.argv[1])
torch.set_num_threads(cfg["threads"])
torch.manual_seed(0)
GROUPS = cfg["groups"]


class Block(nn.Module):
    def __init__(self, i, o, e):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, i), nn.Conv3d(i, o, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, o), nn.Conv3d(o, o, 3, padding=1)
        self.embedding = nn.Linear(e, 2 * o)
        self.skip = nn.Conv3d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.embedding(e)[:, :, None, None, None].chunk(2, 1)
        h = F.silu(self.norm2(h) * (1 + scale) + shift)
        return self.skip(x) + self.conv2(h)


class Attention(nn.Module):
    def __init__(self, c, heads):
        super().__init__()
        self.norm, self.qkv, self.out, self.heads = nn.GroupNorm(GROUPS, c), nn.Conv3d(c, 3 * c, 1), nn.Conv3d(c, c, 1), heads

    def forward(self, x):
        n, c = x.shape[:2]
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3 * self.heads, c // self.heads, -1).chunk(3, 1)
        a = torch.softmax((q * (c // self.heads) ** -0.5).transpose(2, 3) @ k, -1)
        return x + self.out((v @ a.transpose(2, 3)).reshape(x.shape))


class UNet(nn.Module):
    def __init__(self, channels, width, multipliers, blocks, attention, headChannels, classes, groups):
        super().__init__()
        e = 4 * width
        self.width = width
        self.time = nn.Sequential(nn.Linear(2 * width, e), nn.SiLU(), nn.Linear(e, e))
        self.label = nn.Embedding(classes + 1, e)
        self.first = nn.Conv3d(channels, width, 3, padding=1)
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        c, skips = width, []
        for level, m in enumerate(multipliers):
            o = width * m
            blocks_ = nn.ModuleList([Block(c if i == 0 else o, o, e) for i in range(blocks)])
            skips += [o] * blocks
            c = o
            att = Attention(c, c // headChannels) if level in attention else None
            self.downs.append(nn.ModuleList([blocks_, att, nn.Conv3d(c, c, 4, 2, 1) if level < len(multipliers) - 1 else None]))
        self.middle = nn.ModuleList([Block(c, c, e), Attention(c, c // headChannels), Block(c, c, e)])
        for level, m in reversed(list(enumerate(multipliers))):
            o = width * m
            blocks_ = nn.ModuleList()
            for _i in range(blocks):
                blocks_.append(Block(c + skips.pop(), o, e))
                c = o
            att = Attention(c, c // headChannels) if level in attention else None
            up = nn.Conv3d(c, width * multipliers[level - 1], 3, padding=1) if level else None
            self.ups.append(nn.ModuleList([blocks_, att, up]))
            if level:
                c = width * multipliers[level - 1]
        self.normOut, self.out = nn.GroupNorm(GROUPS, c), nn.Conv3d(c, channels, 3, padding=1)

    def forward(self, x, t, y):
        f = 1000 * 10000 ** (-torch.arange(self.width) / self.width)
        a = t[:, None] * f
        e = F.silu(self.time(torch.cat([a.cos(), a.sin()], 1)) + self.label(y))
        h, skips = self.first(x), []
        for blocks, att, down in self.downs:
            for i, b in enumerate(blocks):
                h = b(h, e)
                if i == len(blocks) - 1 and att is not None:
                    h = att(h)
                skips.append(h)
            h = down(h) if down is not None else h
        h = self.middle[2](self.middle[1](self.middle[0](h, e)), e)
        for blocks, att, up in self.ups:
            for b in blocks:
                h = b(torch.cat([h, skips.pop()], 1), e)
            h = att(h) if att is not None else h
            h = up(F.interpolate(h, scale_factor=2)) if up is not None else h
        return self.out(F.silu(self.normOut(h)))


size = cfg["size"]
model = UNet(channels=size[1], **cfg["network"])
ema = [p.detach().clone() for p in model.parameters()]
optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
x, target = torch.randn(size), torch.randn(size)
t, y = torch.rand(size[0]), torch.zeros(size[0], dtype=torch.long)


def train():
    optimiser.zero_grad(set_to_none=True)
    loss = F.mse_loss(model(x, t, y), target)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    with torch.no_grad():
        for e, p in zip(ema, model.parameters()):
            e.lerp_(p, 0.005)


def sample(n):
    with torch.inference_mode():
        model(x[:n], t[:n], y[:n])


print(json.dumps({"version": torch.__version__, "parameters": sum(p.numel() for p in model.parameters())}), flush=True)
for line in sys.stdin:
    command = line.strip()
    start = time.perf_counter()
    if command == "train":
        train()
    elif command.startswith("sample"):
        batch, times = [int(word) for word in command.split()[1:]] + [size[0], 1][len(command.split()) - 1 :]
        for _ in range(times):
            sample(batch)
    ms = (time.perf_counter() - start) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"ms": ms, "peakGb": peak}), flush=True)
