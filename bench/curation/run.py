#!/usr/bin/env python3
"""run.py FOLDER [--records N] [--rensa PYTHON] [--work DIR]

Near-duplicate removal against rensa, in one run, as ratios, and both scored against what was planted.

FOLDER holds gen_corpus.py, score_dedup.py and peer_curate.py, which are not in this repository: without them nothing is measured. PYTHON is an interpreter that imports rensa (without one, or where it does not,
only ours runs). CPU seconds are compared, since a machine that is shared says little by wall time.
"""
import argparse, json, os, resource, subprocess, sys, tempfile, time

SCRIPTS = ["gen_corpus.py", "score_dedup.py", "peer_curate.py"]


def cpu_of(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def score(folder, prefix, kept):
    print("   ", subprocess.run([sys.executable, f"{folder}/score_dedup.py", prefix, kept], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rensa")
    parser.add_argument("--work")
    options = parser.parse_args()
    missing = [name for name in SCRIPTS if not os.path.isfile(os.path.join(options.folder, name))]
    if missing:
        parser.error(f"{options.folder} has no {', '.join(missing)}: the corpus and its scores come from scripts that are not in this repository")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    work = options.work or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    prefix = f"{work}/c{options.records}"
    if not os.path.exists(prefix + ".clusters.json"):
        subprocess.run([sys.executable, f"{options.folder}/gen_corpus.py", str(options.records), "1", prefix + ".jsonl", "--flat", prefix + ".flat.jsonl"], check=True)

    subprocess.run(["swift", "build", "-c", "release", "--product", "curation-bench"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    ours, _, _ = cpu_of([f"{root}/.build/release/curation-bench", prefix + ".jsonl", f"{work}/kept.txt"])
    ours = json.loads(ours)
    stage = ours["near-cpu-s"] - ours["exact-cpu-s"]
    rate = lambda seconds: f"{ours['records'] / seconds:,.0f} records a CPU second"
    print(f"ours: {ours['merged-exactly']} merged exactly, {ours['merged-nearly']} nearly")
    print(f"  near duplicates alone {stage:.2f} s of CPU: {rate(stage)}")
    print(f"  reading to dataset with them {ours['near-cpu-s']:.2f} s of CPU, {ours['near-wall-s']:.2f} s of wall: {rate(ours['near-cpu-s'])}")
    print(f"  all stages {ours['all-stages-cpu-s']:.2f} s of CPU, {ours['all-stages-wall-s']:.2f} s of wall: {rate(ours['all-stages-cpu-s'])}")
    score(options.folder, prefix, f"{work}/kept.txt")

    python = options.rensa or sys.executable
    if subprocess.run([python, "-c", "import rensa"], stderr=subprocess.DEVNULL).returncode != 0:
        print("rensa is not installed: no ratio")
        return
    out = f"{work}/rensa"
    os.makedirs(out, exist_ok=True)
    _, cpu, wall = cpu_of([python, f"{options.folder}/peer_curate.py", "rensa", prefix + ".flat.jsonl", out])
    print(f"rensa: {cpu:.2f} s of CPU, {wall:.2f} s of wall: {rate(cpu)}")
    score(options.folder, prefix, f"{out}/kept.txt")
    print(f"rensa to ours, reading to end: {cpu / ours['near-cpu-s']:.2f} of CPU, {wall / ours['near-wall-s']:.2f} of wall")


main()
