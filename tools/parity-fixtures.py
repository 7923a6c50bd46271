#!/usr/bin/env python3
"""Makes the small stored runs of PEFT on PyTorch that the engine is held against: one for each kind of model that it reads.

    . examples/peft/.venv/bin/activate        # made by examples/peft/setup
    tools/parity-fixtures.py Tests/EngineTests/Fixtures/parity
    soulpack engine parity Tests/EngineTests/Fixtures/parity/qwen3

Each folder holds base/ (config.json as transformers writes it, weights in bfloat16, of one run cut into two shards), init.safetensors,
batch.json, losses.json with the hyper-parameters, grads1.safetensors and final.safetensors. Weights and token ids are random numbers. Everything
is computed in float32 on one thread. Biases, norms and B begin away from their neutral values, so that nothing multiplies by 0 or 1.
"""
import argparse
import json
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers
from safetensors.torch import save_file

SHAPE = dict(
    vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-6,
    max_position_embeddings=512, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
PLAIN = dict(rope_type="default", rope_theta=1000000.0)
# name: configuration, LoRA, whether the base is cut into shards
RUNS = {
    "llama3": (transformers.LlamaConfig(**SHAPE, head_dim=16, rope_parameters=LLAMA3, tie_word_embeddings=True), dict(r=4, lora_alpha=8), False),
    "llama-biased": (
        transformers.LlamaConfig(
            **SHAPE, attention_bias=True, mlp_bias=True, rope_parameters=dict(PLAIN, rope_theta=10000.0), tie_word_embeddings=False),
        dict(r=2, lora_alpha=4), False),
    "qwen2": (
        transformers.Qwen2Config(**SHAPE, rope_parameters=PLAIN, tie_word_embeddings=True, use_sliding_window=False), dict(r=4, lora_alpha=8), True),
    "qwen3": (
        transformers.Qwen3Config(**SHAPE, head_dim=12, rope_parameters=PLAIN, tie_word_embeddings=False), dict(r=4, lora_alpha=6, use_rslora=True),
        False),
}
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
HYPER = dict(
    optimizer="AdamW", lr=2e-3, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.01, schedule="constant", grad_clip=0.5, dropout=0.0, dtype="float32",
    batch=3)
STEPS, LENGTH, ROWS, IGNORED = 12, 24, 6, -100


def base_model(configuration, generator):
    """Random weights that bfloat16 holds exactly."""
    model = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        for name, value in model.named_parameters():
            centre, spread = (1.0, 0.2) if "norm" in name else (0.0, 0.3 if name.endswith("bias") else 0.15)
            value.copy_((centre + spread * torch.randn(value.shape, generator=generator)).bfloat16().float())
    return model


def save_base(model, folder, sharded):
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    tensors = {name: value.detach().bfloat16().contiguous() for name, value in sorted(model.named_parameters())}
    if not sharded:
        return save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    names = list(tensors)
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    places = {name: f"model-{i + 1:05}-of-00002.safetensors" for i, half in enumerate(halves) for name in half}
    for half in halves:
        save_file({name: tensors[name] for name in half}, folder / places[half[0]], metadata={"format": "pt"})
    size = sum(value.numel() * 2 for value in tensors.values())
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": places}, indent=1) + "\n")


def adapter_tensors(model):
    return {name: value.detach().clone().contiguous() for name, value in peft.get_peft_model_state_dict(model).items()}


def make(folder, configuration, lora, sharded):
    generator = torch.Generator().manual_seed(7)
    base = base_model(configuration, generator)
    save_base(base, folder / "base", sharded)
    model = peft.get_peft_model(base, peft.LoraConfig(**lora, lora_dropout=0.0, bias="none", target_modules=LINEAR, task_type="CAUSAL_LM"))
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    with torch.no_grad():
        for value in trained.values():
            value.copy_(0.1 * torch.randn(value.shape, generator=generator))
    tokens = torch.randint(3, configuration.vocab_size, (ROWS, LENGTH), generator=generator)
    labels = tokens.clone()
    for row in range(ROWS):
        labels[row, : 2 * row] = IGNORED
    save_file(adapter_tensors(model), folder / "init.safetensors")
    optimizer = torch.optim.AdamW(
        trained.values(), lr=HYPER["lr"], betas=tuple(HYPER["betas"]), eps=HYPER["eps"], weight_decay=HYPER["weight_decay"])
    losses, norms = [], []
    for step in range(STEPS):
        rows = [(step * HYPER["batch"] + i) % ROWS for i in range(HYPER["batch"])]
        loss = model(input_ids=tokens[rows], labels=labels[rows]).loss
        loss.backward()
        if step == 0:
            save_file({name.replace(".default", ""): value.grad.clone() for name, value in trained.items()}, folder / "grads1.safetensors")
        norms.append(torch.nn.utils.clip_grad_norm_(trained.values(), HYPER["grad_clip"]).item())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    save_file(adapter_tensors(model), folder / "final.safetensors")
    (folder / "batch.json").write_text(json.dumps({"input_ids": tokens.tolist(), "labels": labels.tolist()}) + "\n")
    versions = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)
    run = dict(hyper=HYPER | lora, losses=losses, grad_norms=norms, versions=versions)
    (folder / "losses.json").write_text(json.dumps(run, indent=1) + "\n")
    print(f"{folder.name}: loss {losses[0]:.4f} to {losses[-1]:.4f}, norm {norms[0]:.3f} to {norms[-1]:.3f}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=pathlib.Path)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    for name, (configuration, lora, sharded) in RUNS.items():
        make(chosen.folder / name, configuration, lora, sharded)


if __name__ == "__main__":
    main()
