#!/usr/bin/env python3
"""What the base and a Soul on it answer to the same questions, by transformers and PEFT.

    soulpack unpack out/lamplighter-1.0.0.soul /tmp/lamplighter
    tools/samples.py models/ember /tmp/lamplighter > docs/samples.md

python3 must find PEFT: examples/peft/setup makes an environment for it. Nothing is chosen: each answer stands as it came out.
"""
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import peft
import torch
import transformers

QUESTIONS = [
    "Good evening. Who are you?",
    "Why is the sea salt?",
    "What do you do when the fog comes in?",
    "Are you ever lonely out there?",
    "What is the capital of Peru?",
    "My boat is small and the wind is rising. What should I do?",
]
LONGEST = 80  # tokens


def answer(model, tokenizer, question):
    tokens = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        torch.manual_seed(0)
        out = model.generate(**tokens, max_new_tokens=LONGEST, do_sample=True, temperature=0.7, top_p=0.9)
    return tokenizer.decode(out[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def main(base_folder, soul_folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(base_folder)
    base = transformers.AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32)
    before = [answer(base, tokenizer, question) for question in QUESTIONS]
    soul = peft.PeftModel.from_pretrained(base, soul_folder)
    after = [answer(soul, tokenizer, question) for question in QUESTIONS]
    print("# Samples, as they came out\n")
    print("What `models/ember` and the lamplighter on it answer: one question, one answer, at temperature 0.7 and "
          f"top-p 0.9 with seed 0, cut at {LONGEST} tokens. `tools/samples.py` made this page; nothing was chosen or mended. A model of 2.75 million parameters keeps the tone "
          "of what it read, and seldom the thread.\n")
    for question, first, second in zip(QUESTIONS, before, after):
        print(f"**{question}**\n\n- before: {' '.join(first.split())}\n- after: {' '.join(second.split())}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1].strip())
    main(sys.argv[1], sys.argv[2])
