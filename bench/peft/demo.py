#!/usr/bin/env python3
"""The demo's training by soulpack's engine and by PEFT's plain loop, in one run: tokens a second, and how long until the first step.

    . examples/peft/.venv/bin/activate        # made by examples/peft/setup
    bench/peft/demo.py [--threads 2] [--runs 3]

Both train the same candidate of recipes/lamplighter.yaml: the same base, the same examples in the same batches at the same rates, with the
same number of threads, one after the other in turns, on stores made anew. The clock is this script's, on the events that soulpack writes as
they come. Tokens a second are those of the steps after the first, over the time from the first step's end to the last's.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOULPACK = ROOT / ".build/release/soulpack"
TRAINER = 'substrate: { command: [python3, "{input.program}"], inputs: { program: examples/peft/train.py } }'


def recipe(by_peft):
    """The demo's recipe with its first candidate alone; the path is inside the root, since that is what paths are relative to."""
    text = (ROOT / "recipes/lamplighter.yaml").read_text(encoding="utf-8")
    head, rest = text.split("    candidates:\n", 1)
    tail = rest[rest.index("\ngates:") :]
    return head + (f"    {TRAINER}\n" if by_peft else "") + "    candidates:\n      - { seed: 1 }\n" + tail


def train(by_peft, threads):
    """One training, as (seconds to the end of the first step, steps a second, steps, tokens). The data is curated beforehand. Only the engine
    says how many tokens it trains on; PEFT is given the same ones."""
    with tempfile.TemporaryDirectory() as folder:
        path = ROOT / "recipes" / f".bench-{os.getpid()}.yaml"
        path.write_text(recipe(by_peft), encoding="utf-8")
        environment = dict(os.environ, SOULPACK_STORE=folder)
        command = [SOULPACK, "curate", path, "--json"]
        try:
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
            command = [SOULPACK, "train", path, "--json", "--allow-run", "--threads", str(threads)]
            begun, marks, tokens = None, [], 0
            with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
                for line in child.stderr:
                    now, event = time.monotonic(), json.loads(line)
                    if not str(event.get("action", "")).startswith("train."):
                        continue
                    if event["event"] == "started":
                        begun = now
                    elif event["event"] == "note" and " tokens in all" in event["text"]:
                        tokens = int(event["text"].split(" tokens in all")[0].split()[-1].replace(",", ""))
                    elif event["event"] == "progress" and event["unit"] == "steps":
                        marks.append((now, event["done"], event["total"]))
            if child.returncode not in (0, 4) or len(marks) < 2:
                sys.exit(f"{' '.join(map(str, command))} ended with {child.returncode}")
        finally:
            path.unlink()
    (first, done, total), (last, final, _) = marks[0], marks[-1]
    return first - begun, (final - done) / (last - first), total, tokens


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    results = {False: [], True: []}
    for _ in range(chosen.runs):
        for by_peft in (False, True):
            results[by_peft].append(train(by_peft, chosen.threads))
    rates = {}
    tokens_a_step = results[False][0][3] / results[False][0][2]
    for by_peft, name in ((False, "embedded"), (True, "PEFT")):
        starts, speeds, steps, _ = zip(*results[by_peft])
        speeds = [speed * tokens_a_step for speed in speeds]
        rates[by_peft] = statistics.median(speeds)
        print(f"{name:9} {statistics.median(speeds):8.0f} tokens/s (median of {chosen.runs}: {min(speeds):.0f} to {max(speeds):.0f})"
              f"  first step after {statistics.median(starts):6.2f} s  {steps[0]} steps, {chosen.threads} threads")
    print(f"embedded / PEFT: {rates[False] / rates[True]:.2f}")


if __name__ == "__main__":
    main()
