#!/usr/bin/env python3
"""A substrate for soulpack: trains the adapter that a job asks for with PEFT on PyTorch, on a GPU where there is one.

The job (schema soulpack.job/1, docs/substrates.md) stands on standard input. Events go to standard output, one JSON object a line;
everything else goes to standard error. The examples come as tokens with their labels and the plan says which of them each step learns from
and at which rate, so this loop takes the same steps as the embedded engine. What is left to differ is the arithmetic.
"""
import json
import math
import os
import sys
from pathlib import Path

IGNORED = -100  # A label that is read and not learnt, as cross_entropy's ignore_index has it.


class Diverged(Exception):
    """A number ran away. Its argument is how many steps were sound."""


def say(event, **members):
    print(json.dumps({"event": event, **members}, allow_nan=False), file=EVENTS, flush=True)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def padded(examples, device):
    """(batch, longest) token ids, labels and mask. The padding stands at the end, where no token looks back at it."""
    width = max(len(example["input_ids"]) for example in examples)

    def rows(values, filler):
        return torch.tensor([row + [filler] * (width - len(row)) for row in values], device=device)

    tokens = rows([example["input_ids"] for example in examples], 0)
    labels = rows([example["labels"] for example in examples], IGNORED)
    mask = rows([[1] * len(example["input_ids"]) for example in examples], 0)
    return tokens, labels, mask


def loss_sum(model, examples):
    """The summed loss in nats over the tokens that are learnt, and how many those are. Row i predicts token i + 1."""
    tokens, labels, mask = padded(examples, model.device)
    logits = model(input_ids=tokens, attention_mask=mask).logits[:, :-1].float()
    targets = labels[:, 1:]
    summed = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
    return summed, int((targets != IGNORED).sum())


def mean_loss(model, examples, batch):
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(examples), batch):
            summed, tokens = loss_sum(model, examples[start : start + batch])
            total, count = total + summed.item(), count + tokens
    return total / count if count else None


def train(model, job, examples):
    """Takes the steps of the plan. Weight decay, clipping and AdamW are PyTorch's; docs/numerics.md has the engine's, which are the same."""
    settings = job["parameters"]["optimizer"]
    plan = lines(job["plan"]["path"])
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, betas=settings["betas"], eps=settings["epsilon"], weight_decay=settings["weight-decay"])
    for number, step in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = step["learning-rate"]
        summed, count = loss_sum(model, [examples[place] for place in step["examples"]])
        loss = summed / count
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, settings["clip"])
        if not (math.isfinite(loss.item()) and math.isfinite(norm.item())):
            raise Diverged(number)
        optimizer.step()
        optimizer.zero_grad()
        say("progress", step=number + 1, steps=len(plan), loss=loss.item())


def main():
    job = json.load(sys.stdin)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(job["parameters"]["seed"])
    base = transformers.AutoModelForCausalLM.from_pretrained(job["base"]["path"], dtype=torch.float32, attn_implementation="eager")
    # The start holds the rank, the scale and the targets, and the initial values that the engine would take.
    shape = peft.PeftConfig.from_pretrained(job["start"]["path"])
    shape.lora_dropout = job["parameters"]["lora"].get("dropout", 0.0)
    model = peft.PeftModel.from_pretrained(base, job["start"]["path"], config=shape, is_trainable=True).to(device)
    say("note", text=f"PEFT {peft.__version__} on PyTorch {torch.__version__}, {device}")
    try:
        train(model, job, lines(job["train"]["path"]))
    except Diverged as diverged:
        say("diverged", step=diverged.args[0])
        return
    model.eval()
    claim = {}
    if job["validation"]:
        loss = mean_loss(model, lines(job["validation"]["path"]), job["parameters"]["batch"])
        if loss is not None and math.isfinite(loss):
            claim = {"claimed-loss": round(loss, 4)}
    model.save_pretrained(Path(job["output"]) / "adapter")
    say("done", job=job["job"], adapter="adapter", **claim)


if __name__ == "__main__":
    # A library may print, also from C: only events may reach the real standard output.
    EVENTS = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.environ["HF_HUB_OFFLINE"] = "1"  # Everything is in the job: nobody is asked over the network.
    import peft
    import torch
    import transformers

    main()
