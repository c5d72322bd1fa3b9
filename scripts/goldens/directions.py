#!/usr/bin/env python3
"""Projections of real residual rows on eight vectors, by numpy, and the vectors in the ways in which they can be stored.

Setup:  pip install numpy
Use:    directions.py      (writes Tests/DictionariesTests/Goldens/directions; reads ReferenceTests/Goldens/residual.safetensors)

Vectors 0 to 3 are mean differences of a tuned checkpoint's rows and the base's, by prompt, tokens from 1 on; 4 to 6 are
random; 7 is one axis, scaled to 1e-30. The projection of a row h on v is h.v / |v| in float64.
"""
import json, os, struct
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "..", "Tests")
OUT = os.path.join(TESTS, "DictionariesTests", "Goldens", "directions")
TYPES = {"F32": np.float32, "F64": np.float64}


def load(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    return {name: np.frombuffer(body[slice(*e["data_offsets"])], TYPES[e["dtype"]]).reshape(e["shape"])
            for name, e in header.items() if name != "__metadata__"}


def save(path, tensors):
    header, body = {}, b""
    for name, array in sorted(tensors.items()):
        raw = np.ascontiguousarray(array).tobytes()
        dtype = next(k for k, t in TYPES.items() if t == array.dtype.type)
        header[name] = dict(dtype=dtype, shape=list(array.shape), data_offsets=[len(body), len(body) + len(raw)])
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


def main():
    rows = load(os.path.join(TESTS, "ReferenceTests", "Goldens", "residual.safetensors"))
    prompts = sorted(k.split("/")[1] for k in rows if k.startswith("base/"))
    tuned = sorted({k.split("/")[0] for k in rows} - {"base"})
    width = rows[f"base/{prompts[0]}"].shape[1]
    rng = np.random.default_rng(17)
    vectors = {}
    for prompt in prompts[:4]:
        change = rows[f"{tuned[-1]}/{prompt}"][1:].astype(np.float64) - rows[f"base/{prompt}"][1:].astype(np.float64)
        vectors[f"difference {prompt}"] = change.mean(0)
    for k in range(3):
        vectors[f"random, {k}"] = rng.normal(0, 10.0 ** (k - 1), width)
    axis = np.zeros(width)
    axis[5] = 1e-30
    vectors["axis"] = axis
    names = sorted(vectors, key=lambda name: name.encode())
    matrix = np.stack([vectors[name] for name in names])
    os.makedirs(OUT, exist_ok=True)
    np.savez(os.path.join(OUT, "named-float64.npz"), **vectors)
    np.savez_compressed(os.path.join(OUT, "matrix-float32.npz"), vectors=matrix.astype(np.float32))
    np.savez_compressed(os.path.join(OUT, "named-float16.npz"), a=np.array([1, -2.5, 2.0 ** -24, 65504], np.float16),
                        b=np.array([0.1, 0, -0.0, 2.0 ** -14], np.float16))
    save(os.path.join(OUT, "named.safetensors"), {name: v.astype(np.float32) for name, v in vectors.items()})
    save(os.path.join(OUT, "matrix.safetensors"), dict(vectors=matrix))
    scaled = matrix / np.abs(matrix).max(1, keepdims=True)
    unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    projections = {name: array.astype(np.float64) @ unit.T for name, array in rows.items()}
    save(os.path.join(OUT, "projections.safetensors"), projections)
    print(f"{len(names)} vectors of {width}, {sum(len(p) for p in projections.values())} rows of {len(rows)} prompts and checkpoints")


if __name__ == "__main__":
    main()
