#!/usr/bin/env python3
"""LoRA training by soulpack, by PEFT's plain loop and by TRL's SFTTrainer, in one run on one machine, by wall clock.

    bench/peft/run.py [--python PYTHON] [--shapes tiny,smol135] [--steps 100] [--large-steps 20] [--threads 2] [--runs 1] [--soulpack PATH]

Two Llamas with random weights, float32: "smol135" has the sizes of SmolLM2-135M, "tiny" 7.9 million parameters. Rank 8 on every linear layer, batches of four
examples of 256 tokens. The job is the whole process, from its start to the saved adapter: for soulpack that is `soulpack train` on an empty
store, with curation, the score of base and candidate, and all that it writes; for the peers importing, loading and training.

Tokens a second are those of the steps after the first, between the ends of the first and the last step, on this script's clock. The share of the peak counts
the operations that the job needs (4 for each frozen weight and token, 6 for each of the adapter's, 7 for each pair in the causal triangle and number of a head), over
what the machine's cores do of fused multiply-adds and nothing else, measured here just before (bench/kernels.c). On a busy machine only the ratios mean
something, and those less; --runs takes turns and gives medians.

Without --python the peers' environment is made in .build/bench-peers, from the package index. Standard library only, for the rest.
"""
import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEER = pathlib.Path(__file__).with_name("peer.py")
SHAPES = {
    "tiny": dict(vocabulary=8192, hidden=256, intermediate=688, layers=8, heads=4, keys=2),
    "smol135": dict(vocabulary=49152, hidden=576, intermediate=1536, layers=30, heads=9, keys=3),
}
BATCH, CONTEXT, RANK, RATE, SEED, HEAD = 4, 256, 8, 2e-4, 1, 64

RECIPE = """\
soul: bench
version: 1.0.0
intent: A measurement.
description: A measurement.
license: CC0-1.0
base: {{ path: model }}
datasets:
  texts:
    from: texts
    license: CC0-1.0
    curate: [{{ normalize: {{ unicode: nfc }} }}]
    split: {{ by: conversation, validation: 0%, holdout: {holdout}, salt: bench }}
train:
  lora:
    dataset: texts
    lora: {{ rank: {rank}, alpha: {alpha}, targets: all-linear }}
    optimizer: {{ learning-rate: {rate}, schedule: constant, warmup: 0 }}
    epochs: 1
    batch: {batch}
    context: {context}
    candidates: [{{ seed: {seed} }}]
"""


def operations_per_token(shape):
    """Additions and multiplications: forward and dX of every frozen weight; forward, dX and dW of the adapter; attention over half of the square."""
    queries, keys = shape["heads"] * HEAD, shape["keys"] * HEAD
    maps = [(shape["hidden"], queries), (shape["hidden"], keys), (shape["hidden"], keys), (queries, shape["hidden"])]
    maps += [(shape["hidden"], shape["intermediate"])] * 2 + [(shape["intermediate"], shape["hidden"])]
    frozen = shape["layers"] * sum(inputs * outputs for inputs, outputs in maps) + shape["vocabulary"] * shape["hidden"]
    trained = shape["layers"] * RANK * sum(inputs + outputs for inputs, outputs in maps)
    return 4 * frozen + 6 * trained + 7 * CONTEXT * queries * shape["layers"]


def peak(threads, folder):
    """Operations a second of all threads at once, by fused multiply-adds in registers."""
    program = pathlib.Path(folder) / "kernels"
    sources = sorted((ROOT / "Sources/CKernels").glob("*.c"))
    flags = ["-std=gnu17", "-O2", "-I", ROOT / "Sources/CKernels/include"]
    subprocess.run(["clang", *flags, ROOT / "bench/kernels.c", *sources, "-lm", "-lpthread", "-o", program], check=True)
    children = [subprocess.Popen([program, "peak"], stdout=subprocess.PIPE, text=True) for _ in range(threads)]
    return sum(float(child.communicate()[0]) for child in children) * 1e9


# MARK: The same input for all

def tokenizer():
    """A byte a token, in the byte-level alphabet of GPT-2, and one that ends a text: its size is not what is measured."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + place) for place, byte in enumerate(others)}}
    end = {"id": 0, "content": "<|endoftext|>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
        "byte_fallback": False, "ignore_merges": False, "merges": [],
        "vocab": {end["content"]: 0, **{letters[byte]: byte + 1 for byte in range(256)}},
    }
    bytes_alone = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [end], "normalizer": None, "pre_tokenizer": bytes_alone,
        "post_processor": None, "decoder": bytes_alone, "model": model,
    }


def make_input(folder, name, python, steps):
    """folder/model, folder/texts/texts.jsonl and folder/soul.yaml."""
    sizes = " ".join(f"{size}={value}" for size, value in SHAPES[name].items())
    subprocess.run([python, PEER, folder / "model", "--make", sizes], check=True, capture_output=True)
    (folder / "model/tokenizer.json").write_text(json.dumps(tokenizer(), ensure_ascii=False), encoding="utf-8")
    template = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}"
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>", "chat_template": template}
    (folder / "model/tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "texts").mkdir()
    letters, source = "abcdefghijklmnopqrstuvwxyz     ", random.Random(0)
    with open(folder / "texts/texts.jsonl", "w", encoding="utf-8") as file:
        for _ in range(steps * BATCH + 1):
            # No space where normalisation would take it away.
            words = "".join(source.choices(letters, k=CONTEXT - 3)).split()
            text = " ".join(words).ljust(CONTEXT - 1, "x")
            file.write(json.dumps({"text": text}) + "\n")
    write_recipe(folder, "0.0001%")


def write_recipe(folder, holdout):
    recipe = RECIPE.format(rank=RANK, alpha=2 * RANK, rate=RATE, batch=BATCH, context=CONTEXT, seed=SEED, holdout=holdout)
    (folder / "soul.yaml").write_text(recipe, encoding="utf-8")


def hold_out_one(folder, chosen):
    """All texts but one are trained on. Which share that is depends on the texts, and the refusal of a smaller one says it."""
    with tempfile.TemporaryDirectory() as store:
        command = [chosen.soulpack, "train", "--json"]
        refused = subprocess.run(command, cwd=folder, env=dict(os.environ, SOULPACK_STORE=store), capture_output=True, text=True)
    hint = json.loads(refused.stderr.splitlines()[-1])["hint"]
    write_recipe(folder, re.search(r"[0-9.]+%", hint)[0])


# MARK: Running one

class Outcome:
    """Seconds of the whole process, when each step was done, and the most memory that the process had."""

    def __init__(self, command, folder, environment, step_of):
        self.marks = []
        last = []
        begun = time.monotonic()
        child = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        readers = [threading.Thread(target=self.read, args=(stream, step_of, last)) for stream in (child.stdout, child.stderr)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - begun
        self.mebibytes = usage.ru_maxrss / 1024
        # 4: trained, and the base turned out to be as good.
        if child.returncode not in (0, 4) or len(self.marks) < 2:
            sys.exit(f"{' '.join(map(str, command))} ended with {child.returncode}\n" + "".join(last[-20:]))

    def read(self, stream, step_of, last):
        for line in stream:
            last.append(line)
            step = step_of(line)
            if step is not None:
                self.marks.append((time.monotonic(), step))

    @property
    def steps(self): return self.marks[-1][1]

    @property
    def tokens_a_second(self):
        (first, done), (last, final) = self.marks[0], self.marks[-1]
        return (final - done) * BATCH * CONTEXT / (last - first)


def soulpack_step(line):
    try:
        event = json.loads(line)
    except ValueError:
        return None
    isStep = isinstance(event, dict) and event.get("event") == "progress" and event.get("unit") == "steps"
    return event["done"] if isStep else None


def peer_step(line):
    return int(line.split()[1]) if line.startswith("step ") else None


def train_soulpack(folder, chosen):
    with tempfile.TemporaryDirectory() as store:
        environment = dict(os.environ, SOULPACK_STORE=store)
        return Outcome([chosen.soulpack, "train", "--json", "--threads", chosen.threads], folder, environment, soulpack_step)


def train_peer(loop, folder, steps, chosen):
    environment = dict(os.environ, HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(chosen.threads))
    with tempfile.TemporaryDirectory() as out:
        options = dict(
            loop=loop, steps=steps, batch=BATCH, context=CONTEXT, rank=RANK, rate=RATE, seed=SEED, threads=chosen.threads, out=out)
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Outcome([chosen.python, PEER, "model", "texts/texts.jsonl", *words], folder, environment, peer_step)


# MARK: Comparing

def compare(name, chosen, peak_operations):
    steps = chosen.large_steps if name == "smol135" else chosen.steps
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        make_input(folder, name, chosen.python, steps)
        hold_out_one(folder, chosen)
        outcomes = {"soulpack": [], "PEFT, plain loop": [], "TRL, SFTTrainer": []}
        for _ in range(chosen.runs):
            outcomes["soulpack"].append(train_soulpack(folder, chosen))
            taken = outcomes["soulpack"][0].steps
            outcomes["PEFT, plain loop"].append(train_peer("plain", folder, taken, chosen))
            outcomes["TRL, SFTTrainer"].append(train_peer("trl", folder, taken, chosen))
    print(f"\n{name}: {outcomes['soulpack'][0].steps} steps of {BATCH} × {CONTEXT} tokens, rank {RANK}, {chosen.threads} threads")
    print(f"  {'':17} {'tokens/s':>9} {'of peak':>8} {'whole job':>10} {'memory':>10}   soulpack is")
    median = lambda runs, value: statistics.median(value(run) for run in runs)
    speed = {who: median(runs, lambda run: run.tokens_a_second) for who, runs in outcomes.items()}
    seconds = {who: median(runs, lambda run: run.seconds) for who, runs in outcomes.items()}
    for who, runs in outcomes.items():
        share = speed[who] * operations_per_token(SHAPES[name]) / peak_operations
        line = f"  {who:17} {speed[who]:9.0f} {share:8.1%} {seconds[who]:8.1f} s {median(runs, lambda run: run.mebibytes):6.0f} MiB"
        if who != "soulpack":
            line += f"   {speed['soulpack'] / speed[who]:.2f} times as fast, its job {seconds['soulpack'] / seconds[who]:.2f} of the time"
        print(line, flush=True)


def peers_python():
    """Makes the environment with the same versions as examples/peft has, and TRL."""
    folder = ROOT / ".build/bench-peers"
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        subprocess.run([ROOT / "examples/peft/setup", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "trl>=1.16,<2", "datasets"], check=True)
        (folder / "complete").touch()
    return python


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--python", help="a Python with torch, transformers, peft, trl and datasets")
    options.add_argument("--soulpack", type=pathlib.Path, default=ROOT / ".build/release/soulpack")
    options.add_argument("--shapes", default="tiny,smol135")
    options.add_argument("--steps", type=int, default=100)
    options.add_argument("--large-steps", type=int, default=20, help="of smol135, whose steps take seconds")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--runs", type=int, default=1)
    chosen = options.parse_args()
    chosen.soulpack = chosen.soulpack.resolve()
    chosen.python = chosen.python or peers_python()
    with tempfile.TemporaryDirectory() as folder:
        operations = peak(chosen.threads, folder)
    print(f"peak of {chosen.threads} threads: {operations / 1e9:.0f} GFLOP/s", flush=True)
    for name in chosen.shapes.split(","):
        compare(name, chosen, operations)


if __name__ == "__main__":
    main()
