#!/usr/bin/env python3
"""What the five sites of each layer hold, computed in float64 from the formulas alone, for tiny random models.

Setup:  pip install numpy safetensors       (numpy 2.4, safetensors 0.8)
Use:    sites.py OUT_DIR        (Tests/TransformersTests/Goldens, where llama-grouped is already: models.py)
Writes the model `biased` (a family that only the tests know: biases on every linear layer, a window in every other
layer, a scale of its own, names of its own) with an adapter, and sites.safetensors with the keys
"<model>/<variant>/<sequence>/<site>.<layer>": rows [tokens, hidden], rounded to float32.
"""
import json, os, sys
import numpy as np
from safetensors.numpy import load_file, save_file

LENGTHS = [5, 23]
BIASED = dict(
    model_type="biased", architectures=["BiasedForCausalLM"], vocab_size=37, hidden_size=24, intermediate_size=70,
    num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=3, head_dim=6, max_position_embeddings=64,
    rms_norm_eps=1e-5, rope_theta=300.0, hidden_act="silu", local_window=4, query_scale=0.3)
BIASED_NAMES = dict(
    embedding="net.wte", layer="net.h.{}", norm1="norm_1", norm2="norm_2", q="attn.q", k="attn.k", v="attn.v", o="attn.o",
    gate="ffn.gate", up="ffn.up", down="ffn.down")
LLAMA_NAMES = dict(
    embedding="model.embed_tokens", layer="model.layers.{}", norm1="input_layernorm", norm2="post_attention_layernorm",
    q="self_attn.q_proj", k="self_attn.k_proj", v="self_attn.v_proj", o="self_attn.o_proj", gate="mlp.gate_proj",
    up="mlp.up_proj", down="mlp.down_proj")
LORA = dict(peft_type="LORA", r=2, lora_alpha=3, target_modules=["q", "o", "up", "down"], layers_to_transform=[1, 2])


def write_biased(folder):
    rng = np.random.default_rng(11)
    c, n = BIASED, BIASED_NAMES
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    shapes = dict(q=(q, hidden), k=(kv, hidden), v=(kv, hidden), o=(hidden, q), gate=(inner, hidden), up=(inner, hidden),
                  down=(hidden, inner))
    random = lambda *shape: (rng.standard_normal(shape) * 0.3).astype(np.float32)
    tensors = {"net.wte.weight": random(c["vocab_size"], hidden), "net.norm.weight": 1 + random(hidden),
               "out.weight": random(c["vocab_size"], hidden)}
    pairs = {}
    for layer in range(c["num_hidden_layers"]):
        at = n["layer"].format(layer)
        for norm in ("norm1", "norm2"):
            tensors[f"{at}.{n[norm]}.weight"] = 1 + random(hidden)
        for name, shape in shapes.items():
            tensors[f"{at}.{n[name]}.weight"] = random(*shape)
            tensors[f"{at}.{n[name]}.bias"] = random(shape[0])
            if name in LORA["target_modules"] and layer in LORA["layers_to_transform"]:
                pairs[f"base_model.model.{at}.{n[name]}.lora_A.weight"] = random(LORA["r"], shape[1])
                pairs[f"base_model.model.{at}.{n[name]}.lora_B.weight"] = random(shape[0], LORA["r"])
    os.makedirs(os.path.join(folder, "adapter"), exist_ok=True)
    json.dump(c, open(os.path.join(folder, "config.json"), "w"), indent=1)
    save_file(tensors, os.path.join(folder, "model.safetensors"))
    json.dump(LORA, open(os.path.join(folder, "adapter", "adapter_config.json"), "w"), indent=1)
    save_file(pairs, os.path.join(folder, "adapter", "adapter_model.safetensors"))


class Model:
    def __init__(self, folder, names):
        self.c, self.n = json.load(open(os.path.join(folder, "config.json"))), names
        self.t = {k: v.astype(np.float64) for k, v in load_file(os.path.join(folder, "model.safetensors")).items()}
        self.theta = self.c.get("rope_theta") or self.c["rope_parameters"]["rope_theta"]

    def merge(self, folder):
        """W += alpha / r · B · A"""
        config = json.load(open(os.path.join(folder, "adapter_config.json")))
        pairs = load_file(os.path.join(folder, "adapter_model.safetensors"))
        for name, a in pairs.items():
            if ".lora_A." not in name:
                continue
            b = pairs[name.replace(".lora_A.", ".lora_B.")].astype(np.float64)
            module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            self.t[f"{module}.weight"] += config["lora_alpha"] / config["r"] * b @ a.astype(np.float64)

    def linear(self, name, layer, x):
        at = f"{self.n['layer'].format(layer)}.{self.n[name]}"
        return x @ self.t[f"{at}.weight"].T + self.t.get(f"{at}.bias", 0)

    def norm(self, name, layer, x):
        weight = self.t[f"{self.n['layer'].format(layer)}.{self.n[name]}.weight"]
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.c["rms_norm_eps"]) * weight

    def rotate(self, x):
        """x [tokens, heads, size]: the halves of a head are the pairs that are turned."""
        size = x.shape[-1]
        angles = np.outer(np.arange(len(x)), self.theta ** (-np.arange(0, size, 2) / size))[:, None, :]
        first, second = x[..., : size // 2], x[..., size // 2:]
        return np.concatenate([first * np.cos(angles) - second * np.sin(angles),
                               second * np.cos(angles) + first * np.sin(angles)], -1)

    def attention(self, layer, x):
        heads, kv, size = (self.c[k] for k in ("num_attention_heads", "num_key_value_heads", "head_dim"))
        q = self.rotate(self.linear("q", layer, x).reshape(len(x), heads, size))
        k = self.rotate(self.linear("k", layer, x).reshape(len(x), kv, size))
        v = self.linear("v", layer, x).reshape(len(x), kv, size)
        window = self.c.get("local_window") if layer % 2 == 0 else None
        distance = np.subtract.outer(np.arange(len(x)), np.arange(len(x)))
        hidden = (distance < 0) | (distance >= (window or len(x)))
        out = np.empty_like(q)
        for head in range(heads):
            scores = q[:, head] @ k[:, head // (heads // kv)].T * self.c.get("query_scale", size ** -0.5)
            scores = np.exp(np.where(hidden, -np.inf, scores - scores.max()))
            out[:, head] = scores / scores.sum(-1, keepdims=True) @ v[:, head // (heads // kv)]
        return self.linear("o", layer, out.reshape(len(x), heads * size))

    def feed_forward(self, layer, x):
        gate = self.linear("gate", layer, x)
        return self.linear("down", layer, gate / (1 + np.exp(-gate)) * self.linear("up", layer, x))

    def sites(self, ids):
        x = self.t[f"{self.n['embedding']}.weight"][ids]
        for layer in range(self.c["num_hidden_layers"]):
            attention = self.attention(layer, self.norm("norm1", layer, x))
            middle = x + attention
            mlp = self.feed_forward(layer, self.norm("norm2", layer, middle))
            yield from ((f"resid_pre.{layer}", x), (f"attn_out.{layer}", attention), (f"resid_mid.{layer}", middle),
                        (f"mlp_out.{layer}", mlp), (f"resid_post.{layer}", middle + mlp))
            x = middle + mlp


def main():
    out = sys.argv[1]
    write_biased(os.path.join(out, "biased"))
    rng = np.random.default_rng(13)
    rows = {}
    for name, names in (("biased", BIASED_NAMES), ("llama-grouped", LLAMA_NAMES)):
        folder = os.path.join(out, name)
        model = Model(folder, names)
        sequences = [rng.integers(0, model.c["vocab_size"], n).tolist() for n in LENGTHS]
        for variant in ("base", "adapter"):
            if variant == "adapter":
                model.merge(os.path.join(folder, "adapter"))
            for index, ids in enumerate(sequences):
                rows[f"{name}/{index}/ids"] = np.array(ids, dtype=np.float32)
                for site, value in model.sites(ids):
                    rows[f"{name}/{variant}/{index}/{site}"] = value.astype(np.float32)
    save_file(rows, os.path.join(out, "sites.safetensors"))


if __name__ == "__main__":
    main()
