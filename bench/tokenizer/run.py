#!/usr/bin/env python3
"""How fast text becomes tokens, beside Hugging Face `tokenizers`, in one run and on one thread each.

    python3 -m venv /tmp/judge && /tmp/judge/bin/pip install tokenizers
    swift build -c release --product tokenizer-bench
    /tmp/judge/bin/python bench/tokenizer/run.py TOKENIZER.json …

The texts are this repository's datasets, and a second list of many scripts (Python's sources and this machine's translations). Both programs
encode the whole list once, from a cold start, in turns; the figures are CPU seconds, the median of five. The ids must be the same.
"""
import hashlib
import importlib.util
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
import tokenizers  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
TURNS = 5


def lists():
    spec = importlib.util.spec_from_file_location("judge", ROOT / "tools/judge-tokenizer.py")
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    datasets = [path.read_text(errors="replace") for path in sorted((ROOT / "datasets").rglob("*.*")) if path.is_file()]
    for name, texts in (("datasets", datasets), ("many scripts", judge.corpus())):
        yield name, [part for text in texts for part in text.replace("\0", "").split("\n\n") if part]


def theirs(path, texts):
    start = time.process_time()
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.encode_special_tokens = True
    read = time.process_time()
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    encoded = time.process_time()
    digest = hashlib.sha256(b"".join(struct.pack(f"<{len(one.ids)}i", *one.ids) for one in encodings)).hexdigest()
    return read - start, encoded - read, digest


def ours(path, texts, file):
    words = subprocess.run([ROOT / ".build/release/tokenizer-bench", file, path], check=True, capture_output=True, text=True).stdout.split()
    return float(words[0]), float(words[1]), words[3].removeprefix("sha256:")


def main():
    for name, texts in lists():
        size = sum(len(text.encode()) for text in texts)
        with tempfile.NamedTemporaryFile() as file:
            file.write("\0".join(texts).encode())
            file.flush()
            for path in sys.argv[1:]:
                runs = [(ours(path, texts, file.name), theirs(path, texts)) for _ in range(TURNS)]
                assert all(a[2] == b[2] for a, b in runs), f"{path}: other ids"
                (our_read, our_time), (their_read, their_time) = (
                    [statistics.median(run[who][part] for run in runs) for part in (0, 1)] for who in (0, 1)
                )
                print(
                    f"{name}, {size / 1e6:.1f} MB, {Path(path).name}: ours {size / our_time / 1e6:.1f} MB/s, theirs {size / their_time / 1e6:.1f} MB/s, "
                    f"ratio {their_time / our_time:.1f}; to read the file ours {our_read:.2f} s, theirs {their_read:.2f} s", flush=True,
                )


if __name__ == "__main__":
    main()
