#!/usr/bin/env python3
"""Turns Parquet files into JSON Lines, one beside the other, so that soulpack can curate them.

    python3 to_jsonl.py INPUT OUTPUT

INPUT is a .parquet file or a folder of them, OUTPUT a folder; each file becomes NAME.jsonl there. Rows keep their order, columns their names; what JSON has no
word for becomes text (dates as ISO 8601, bytes as base64). Memory is bounded by a batch of rows. Needs pyarrow: python3 -m pip install pyarrow
"""
import base64
import datetime
import decimal
import json
import math
import pathlib
import sys

ROWS_A_BATCH = 1024


def plain(value):
    """A value of Arrow as one that JSON has."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (datetime.timedelta, decimal.Decimal)):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def convert(source, target):
    import pyarrow.parquet

    partial = target.with_name(target.name + ".partial")
    rows = 0
    with pyarrow.parquet.ParquetFile(source) as table, open(partial, "w", encoding="utf-8", newline="\n") as output:
        for batch in table.iter_batches(batch_size=ROWS_A_BATCH):
            for row in batch.to_pylist():
                output.write(json.dumps(plain(row), ensure_ascii=False, allow_nan=False) + "\n")
                rows += 1
    partial.replace(target)
    return rows


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        sys.exit("to_jsonl.py: error: there is no pyarrow\nhint: python3 -m pip install pyarrow")
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    if not files:
        sys.exit(f"to_jsonl.py: error: no .parquet file in {source}")
    names = [file.relative_to(source).with_suffix(".jsonl") if source.is_dir() else pathlib.Path(file.stem + ".jsonl") for file in files]
    for file, name in zip(files, names):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            print(f"{file}: {convert(file, place)} rows", file=sys.stderr)
        except (OSError, pyarrow.lib.ArrowException) as error:
            sys.exit(f"to_jsonl.py: error: {file}: {error}")


if __name__ == "__main__":
    main()
