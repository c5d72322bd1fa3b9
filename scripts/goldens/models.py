#!/usr/bin/env python3
"""Tiny random models of every supported shape, and the hidden states that transformers gives for a few sequences.

Setup:  pip install torch transformers peft safetensors
Use:    models.py OUT_DIR        (Tests/TransformersTests/Goldens)
Writes one Hugging Face folder per case with adapters beside it, sequences.json and states.safetensors with the keys
"<case>/<variant>/<sequence>/<depth>": residual stream [tokens, hidden] after <depth> layers, float32, eager attention.
"""
import json, os, sys
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

VOCABULARY = 61
BASE = dict(vocab_size=VOCABULARY, num_hidden_layers=3, max_position_embeddings=128, initializer_range=0.3)
CASES = {
    # name: (model class, config, stored type, LoRA settings or None)
    "llama-grouped": (LlamaForCausalLM, LlamaConfig(**BASE, hidden_size=48, intermediate_size=72, num_attention_heads=6,
        num_key_value_heads=2), torch.float32, dict(r=3, lora_alpha=5, target_modules=["q_proj", "v_proj", "down_proj"])),
    "llama3-scaled": (LlamaForCausalLM, LlamaConfig(**BASE, hidden_size=40, intermediate_size=56, num_attention_heads=2,
        num_key_value_heads=1, head_dim=20, rms_norm_eps=1e-6, rope_theta=500.0, rope_scaling=dict(rope_type="llama3", factor=8.0,
        low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)), torch.bfloat16,
        dict(r=2, lora_alpha=16, use_rslora=True, layers_to_transform=[1, 2],
             target_modules=["k_proj", "o_proj", "gate_proj", "up_proj"])),
    "llama-linear-rope": (LlamaForCausalLM, LlamaConfig(**BASE, hidden_size=32, intermediate_size=48, num_attention_heads=2,
        num_key_value_heads=2, rope_scaling=dict(rope_type="linear", factor=2.5)), torch.float16, None),
    "mistral-window": (MistralForCausalLM, MistralConfig(**BASE, hidden_size=64, intermediate_size=80, num_attention_heads=4,
        num_key_value_heads=2, sliding_window=7), torch.float32, None),
}
LENGTHS = [1, 5, 17, 50, 2, 33]


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    generator = torch.Generator().manual_seed(3)
    sequences = [torch.randint(0, VOCABULARY, (n,), generator=generator).tolist() for n in LENGTHS]
    json.dump(sequences, open(os.path.join(out, "sequences.json"), "w"))
    states = {}
    for name, (kind, config, stored, lora) in CASES.items():
        torch.manual_seed(5)
        config._attn_implementation = "eager"
        model = kind(config).to(stored)
        for key, parameter in model.named_parameters():
            if "norm" in key or key.endswith(".bias"):
                parameter.data.add_(torch.randn_like(parameter) * 0.2)
        folder = os.path.join(out, name)
        model.save_pretrained(folder)
        os.remove(os.path.join(folder, "generation_config.json"))
        # Loaded anew: casting a model also rounds its rotary frequencies.
        model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        collect(states, f"{name}/base", model, sequences)
        if lora:
            tuned = get_peft_model(model, LoraConfig(**lora))
            for key, parameter in tuned.named_parameters():
                if "lora_" in key:
                    parameter.data.copy_(torch.randn_like(parameter) * 0.12)
            tuned.save_pretrained(os.path.join(folder, "adapter"))
            readme = os.path.join(folder, "adapter", "README.md")
            if os.path.exists(readme):
                os.remove(readme)
            collect(states, f"{name}/adapter", tuned.merge_and_unload().eval(), sequences)
    save_file(states, os.path.join(out, "states.safetensors"))
    print({k: os.path.getsize(os.path.join(out, k)) if k.endswith("s") else "" for k in os.listdir(out)})


def collect(states, prefix, model, sequences):
    # hidden_states holds the last layer's output only after the final norm: a hook reads it before.
    last = []
    hook = model.model.layers[-1].register_forward_hook(lambda m, i, o: last.append(o[0] if isinstance(o, tuple) else o))
    with torch.inference_mode():
        for index, ids in enumerate(sequences):
            hidden = model(torch.tensor([ids]), output_hidden_states=True, use_cache=False).hidden_states
            for depth, state in enumerate([*hidden[:-1], last[-1]]):
                states[f"{prefix}/{index}/{depth}"] = state.reshape(len(ids), -1).clone().contiguous()
    hook.remove()


if __name__ == "__main__":
    main()
