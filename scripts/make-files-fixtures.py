"""Writes and reads safetensors with json, struct and numpy alone: an implementation independent of src/files.

  python3 scripts/make-files-fixtures.py            writes test/files/fixtures/independent.safetensors and half.fixture.json
  python3 scripts/make-files-fixtures.py read FILE  prints what FILE holds, as JSON, for the test of our writer
"""
import json
import os
import struct
import sys

import numpy as np

TYPES = {"F32": "<f4", "F16": "<f2", "I32": "<i4", "I64": "<i8", "U8": "|u1"}


def read(path):
    raw = open(path, "rb").read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    data = raw[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = {
            "dtype": entry["dtype"],
            "shape": entry["shape"],
            "aligned": (8 + length + begin) % array.dtype.itemsize == 0,
            "values": [str(v) if array.dtype.kind in "iu" or not np.isfinite(v) else float(v) for v in array.ravel()],
        }
    return {"headerBytes": length, "names": list(header), "metadata": metadata, "tensors": tensors}


def write(path):
    tensors = {  # deliberately not in our writer's order
        "u8": ("U8", np.array([[0, 1, 255]], np.uint8)),
        "bias": ("F32", np.array([0.5, -1.25, 3e38], np.float32)),
        "conv.weight": ("F16", np.arange(-4, 4, dtype=np.float16).reshape(2, 2, 2) / 3),
        "index": ("I64", np.array([-(2**53) - 1, 7], np.int64)),
        "count": ("I32", np.array(-2147483648, np.int32)),
        "empty": ("F32", np.zeros((0, 3), np.float32)),
    }
    header, blobs, offset = {"__metadata__": {"made by": "numpy", "ü": "ß"}}, [], 0
    for name, (dtype, array) in tensors.items():
        blob = array.astype(TYPES[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def half(path):
    rng = np.random.default_rng(1)
    bits = [rng.integers(0, 2**32, 300, dtype=np.uint64)]
    for h in rng.integers(0, 0x7C00, 120):  # exact halves, their midpoints (ties) and the floats beside them
        low, high = np.array([h, h + 1], np.uint16).view(np.float16).astype(np.float64)
        middle = (low + high) / 2 if np.isfinite(high) else 65520.0
        b = np.array([low, middle], np.float32).view(np.uint32).astype(np.uint64)
        bits.append(np.array([b[0], b[1], b[1] + 1, max(int(b[1]) - 1, 0)], np.uint64))
    f32 = np.concatenate(bits).astype(np.uint32)
    with np.errstate(over="ignore", invalid="ignore"):
        f16 = f32.view(np.float32).astype(np.float16)
    keep = ~np.isnan(f16)
    json.dump({"float32Bits": f32[keep].tolist(), "float16Bits": f16[keep].view(np.uint16).tolist()}, open(path, "w"))


if len(sys.argv) == 3 and sys.argv[1] == "read":
    print(json.dumps(read(sys.argv[2])))
else:
    folder = os.path.join(os.path.dirname(__file__), "..", "test", "files", "fixtures")
    os.makedirs(folder, exist_ok=True)
    write(os.path.join(folder, "independent.safetensors"))
    half(os.path.join(folder, "half.fixture.json"))
