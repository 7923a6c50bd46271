#!/usr/bin/env python3
"""Versions of folders: soulpack against sha256sum, git, restic and DVC, in one run.

    python3 bench/versioning/run.py [--soulpack .build/release/soulpack] [--files 100000] [--big-mb 2000] [--peers restic,git,dvc]

Makes two trees (many files of 4 KB, twenty large ones) in a scratch folder, and times for each tool: the first version, the same again, the
question whether anything changed, and one percent changed. Wall and CPU seconds, and their ratio to sha256sum over the same files by two
processes; on a busy machine only the CPU's mean something. A peer that is not on PATH is named as missing; restic and git are Debian
packages, `pip install dvc` gives DVC. Each starts from a page cache that holds the tree, and an empty store. Standard library only.
"""
import argparse, os, random, resource, shutil, subprocess, sys, tempfile, time


def fill(path, count, rng):
    with open(path, "wb") as f:
        while count > 0:
            piece = rng.randbytes(min(count, 1 << 20))
            f.write(piece)
            count -= len(piece)


def make(folder, files, size, seed):
    rng = random.Random(seed)
    for index in range(files):
        place = os.path.join(folder, f"part-{index // 1000:04d}")
        os.makedirs(place, exist_ok=True)
        fill(os.path.join(place, f"f{index:06d}.jsonl"), size, rng)


def change(folder, share, seed):
    """One percent: of many files so many, of few large ones one run of bytes in one of them."""
    rng = random.Random(seed)
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    if len(paths) >= 1000:
        for path in rng.sample(paths, int(len(paths) * share)):
            fill(path, os.path.getsize(path), rng)
        return
    path = rng.choice(paths)
    count = int(sum(map(os.path.getsize, paths)) * share)
    with open(path, "r+b") as f:
        f.seek(max(0, min(os.path.getsize(path) - count, os.path.getsize(path) // 3)))
        f.write(rng.randbytes(min(count, os.path.getsize(path) // 2)))


def timed(command, folder):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, shell=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')[-500:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tools(soulpack):
    """Name, what must be there, how a store begins, how a version is kept, how one asks."""
    git = "git -c user.name=b -c user.email=b@example.org -c gc.auto=0"
    yield "soulpack", soulpack, "git init -q .", f"{soulpack} snapshot data", f"{soulpack} snapshot data -n"
    yield "restic", "restic", "restic -q init -r ../repo", "restic -q -r ../repo backup data", None
    yield "git", "git", "git init -q .", f"{git} add -A && {git} commit -q --allow-empty -m x", "git status --porcelain"
    yield "dvc", "dvc", "git init -q . && dvc init -q", "dvc add -q data", "dvc status -q"


def measure(name, tree, options, scratch):
    print(f"\n{name}")
    # Large batches of small files, since starting is dear, and large files one by one, so that both processes have work.
    batch = 1 if sum(len(names) for _, _, names in os.walk(tree)) < 1000 else 2000
    hashing = f"find . -type f -print0 | xargs -0 -n {batch} -P 2 sha256sum > /dev/null"
    timed(hashing, tree)
    base = timed(hashing, tree)
    print(f"  {'sha256sum':10} {'':8} {base[0]:8.2f} s wall {base[1]:8.2f} s CPU")
    for tool, program, begin, keep, ask in tools(os.path.abspath(options.soulpack)):
        if tool != "soulpack" and tool not in options.peers.split(","):
            continue
        if not shutil.which(program):
            print(f"  {tool:10} not installed, not measured")
            continue
        work = os.path.join(scratch, "work")
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(os.path.join(scratch, "repo"), ignore_errors=True)
        os.makedirs(work)
        shutil.copytree(tree, os.path.join(work, "data"))
        os.sync()
        time.sleep(2.5)  # Older than what any tool holds to be racy.
        timed(begin, work)
        steps = [("first", keep), ("again", keep), ("status", ask), ("1 %", keep)]
        for step, command in steps:
            if command is None:
                continue
            if step == "1 %":
                change(os.path.join(work, "data"), 0.01, 77)
                os.sync()
                time.sleep(2.5)
            wall, cpu = timed(command, work)
            print(f"  {tool:10} {step:8} {wall:8.2f} s wall {cpu:8.2f} s CPU   {wall / base[0]:6.2f} and {cpu / base[1]:6.2f} of sha256sum")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soulpack", default=".build/release/soulpack")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--big-mb", type=int, default=2000)
    parser.add_argument("--peers", default="restic,git,dvc")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.update(HOME=scratch, RESTIC_PASSWORD="x", DVC_NO_ANALYTICS="1", GIT_CONFIG_NOSYSTEM="1")
        for name, files, size in [("many small files", options.files, 4096), ("twenty large files", 20, options.big_mb * 1_000_000 // 20)]:
            if files == 0 or size == 0:
                continue
            tree = os.path.join(scratch, "tree")
            make(tree, files, size, 1)
            measure(f"{name}: {files} of {size} bytes", tree, options, scratch)
            shutil.rmtree(tree)


if __name__ == "__main__":
    main()
