"""text-dedup (Apache-2.0): its `minhash` program with its defaults (5-grams, 128 hashes, threshold 0.7), in two processes."""
import os, subprocess, sys

REQUIREMENTS = ["text-dedup", "setuptools<81"]
PACKAGE = "text-dedup"
MODES = {"near": "threshold 0.7, 5-grams, 128 hashes"}


def main(mode, flat, work):
    out = os.path.join(work, "out")
    subprocess.run(
        [sys.executable, "-m", "text_dedup.minhash", "--path", "json", "--data_files", flat, "--split", "train", "--cache_dir", os.path.join(work, "cache"), "--output", out,
         "--column", "text", "--batch_size", "10000", "--num_proc", "2"], check=True, cwd=work)
    from datasets import load_from_disk

    with open(os.path.join(work, "kept.txt"), "w") as kept:
        kept.writelines(name + "\n" for name in load_from_disk(out)["id"])


if __name__ == "__main__":
    main(*sys.argv[1:])
