#!/usr/bin/env python3
"""Measures a handout of soulpack's (`soulpack engine handout`) with PEFT and transformers, and compares. Called by tools/judge-adapter.

Exits with 1 where a loss differs by more than 1e-4 nats a token, or where the Soul is none of the candidates; and where the Soul's adapter, merged into its
base, loses otherwise than both by more than 1e-5 nats a token, or has other logits by more than a hundred-thousandth of the largest.
"""
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import peft
import torch
import transformers

LIMIT = 1e-4  # nats a token
MERGED_LIMIT = 1e-5  # nats a token, and of the largest logit
IGNORED = -100


def model_of(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def loss(model, examples):
    """Nats a supervised token, one example at a time: no padding, so nothing of it can be in the sum."""
    total, count = 0.0, 0
    with torch.no_grad():
        for example in examples:
            tokens, labels = torch.tensor([example["input_ids"]]), torch.tensor(example["labels"])[1:]
            logits = model(input_ids=tokens).logits[0, :-1]
            losses = torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none")
            total, count = total + losses.double().sum().item(), count + int((labels != IGNORED).sum())
    return total / count, count


def measured(folder, row, examples):
    if row["subject"] == "base":
        model = model_of(folder / "base")
    elif row["subject"] == "model":
        model = model_of(folder / row["folder"])
    else:
        model = peft.PeftModel.from_pretrained(model_of(folder / "base"), folder / row["folder"]).eval()
    return loss(model, examples)


def merged_apart(folder, examples):
    """How far the merged model's mean loss and logits are from those of base and adapter, both by the same programs."""
    both = peft.PeftModel.from_pretrained(model_of(folder / "base"), folder / "soul").eval()
    merged = model_of(folder / "merged")
    apart, largest = 0.0, 0.0
    with torch.no_grad():
        for example in examples:
            tokens = torch.tensor([example["input_ids"]])
            theirs, ours = both(input_ids=tokens).logits, merged(input_ids=tokens).logits
            apart, largest = max(apart, (theirs - ours).abs().max().item()), max(largest, theirs.abs().max().item())
    return abs(loss(both, examples)[0] - loss(merged, examples)[0]), apart / largest


def soul_as_row(folder, rows):
    """The Soul's weights must be, byte for byte, those of a candidate; its row is that candidate's, with its own folder."""
    for name in ("adapter_model.safetensors", "model.safetensors"):
        for row in rows:
            if row["folder"] and (folder / "soul" / name).exists() and (folder / "soul" / name).read_bytes() == (folder / row["folder"] / name).read_bytes():
                return {**row, "action": f"the Soul ({row['action'].removeprefix('score.')})", "folder": "soul"}
    sys.exit("judge-adapter: error: the Soul holds none of the candidates")


def main():
    folder = Path(sys.argv[1])
    handout = json.loads((folder / "handout.json").read_text())
    examples = [json.loads(line) for line in (folder / handout["holdout"]).read_text().splitlines()]
    rows = handout["scores"]
    if (folder / "soul").exists():
        rows = rows + [soul_as_row(folder, rows)]
    print(f"PEFT {peft.__version__}, transformers {transformers.__version__}, PyTorch {torch.__version__}; {len(examples)} examples")
    worst, failed = 0.0, False
    for row in rows:
        theirs, tokens = measured(folder, row, examples)
        ours = row["total"] / 2**20 / row["tokens"]
        if tokens != row["tokens"]:
            sys.exit(f"judge-adapter: error: {row['action']} was measured on {row['tokens']} tokens, and the handout has {tokens}")
        apart = abs(ours - theirs)
        failed |= not apart <= LIMIT  # A NaN is at most nothing.
        worst = max(apart, worst)
        print(f"{row['action']}: {ours:.6f} ours, {theirs:.6f} theirs, {apart:.1e} apart")
    print(f"largest difference {worst:.1e} nats a token, at most {LIMIT:.0e} is asked for")
    if (folder / "merged").exists():
        losses, logits = merged_apart(folder, examples)
        failed |= not (losses <= MERGED_LIMIT and logits <= MERGED_LIMIT)
        print(f"merged into its base: losses {losses:.1e} nats a token apart, logits {logits:.1e} of the largest; at most {MERGED_LIMIT:.0e} is asked for")
    sys.exit(failed)


if __name__ == "__main__":
    main()
