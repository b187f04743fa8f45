"""Writes test/evaluation/fixtures/extractor.onnx, a small 3D network as PyTorch exports one (open N, D, H, W; two outputs),
and extractor.fixture.json, what PyTorch gives for three boxes of bone.

    python3 scripts/make-extractor-fixture.py          (PyTorch 1.13)
"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(0)


class Extractor(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 3, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm3d(3)

    def forward(self, x):
        maps = torch.relu(self.norm(self.conv(x)))
        return maps.mean(dim=(2, 3, 4)), maps


def boxes():
    """Masks [3, 1, 6, 8, 10]: bone where z < a, y < b, x < c."""
    x = torch.zeros(3, 1, 6, 8, 10)
    for i, (a, b, c) in enumerate([(3, 4, 5), (6, 2, 9), (1, 8, 4)]):
        x[i, 0, :a, :b, :c] = 1
    return x


out = pathlib.Path(__file__).parent.parent / "test/evaluation/fixtures"
model = Extractor()
model.train()
with torch.no_grad():
    for _ in range(20):
        model(torch.rand(4, 1, 6, 8, 10))
model.eval()
torch.onnx.export(
    model,
    boxes(),
    out / "extractor.onnx",
    input_names=["volume"],
    output_names=["pooled", "maps"],
    dynamic_axes={"volume": {0: "N", 2: "D", 3: "H", 4: "W"}, "pooled": {0: "N"}, "maps": {0: "N"}},
    opset_version=16,
)
with torch.no_grad():
    pooled, _ = model(boxes())
(out / "extractor.fixture.json").write_text(
    json.dumps({"size": [10, 8, 6], "boxes": [[5, 4, 3], [9, 2, 6], [4, 8, 1]], "pooled": pooled.tolist()}) + "\n"
)
