#!/usr/bin/env python3
"""Turn books that Debian packages, all in the public domain, into records of running text.

    library.py OUTPUT-FOLDER AUSTEN.rdb bible.data bible.data.conc DEVIL.dict.dz

AUSTEN.rdb is the database of the R package janeaustenr (six novels by Jane Austen), bible.data and its concordance the King James
Version as bible-kjv packs it (its command `bible` unpacks it), DEVIL.dict.dz Ambrose Bierce's Devil's Dictionary in dictd's format.
Writes one JSON Lines file a book, each line `{"conversation": …, "text": …}`, a passage of whole paragraphs. A passage never crosses a
chapter; all passages of a chapter share their conversation, so that a split keeps a chapter together. The same input gives the same bytes.
"""

import gzip
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

# Characters in a passage: what a context of 512 tokens holds, with room to spare.
PASSAGE = 1_600


# --- the novels


def r_strings(serialised):
    """The strings of one R object: a character vector in R's XDR serialisation (R Internals, section 1.8)."""
    at = 18 + struct.unpack_from(">i", serialised, 14)[0]  # "X\n", three versions, the native encoding's name
    kind, count = struct.unpack_from(">ii", serialised, at)
    if kind & 0xFF != 16:
        return None
    at += 8
    strings = []
    for _ in range(count):
        _, length = struct.unpack_from(">ii", serialised, at)
        at += 8
        strings.append(serialised[at : at + max(length, 0)].decode("utf-8"))
        at += max(length, 0)
    return strings


def novels(database):
    """Each book as its lines. The database is one zlib stream after another, each behind its length in four bytes."""
    at = 0
    while at < len(database):
        stream = zlib.decompressobj()
        serialised = stream.decompress(database[at + 4 :]) + stream.flush()
        at = len(database) - len(stream.unused_data)
        if serialised.startswith(b"X\n") and (lines := r_strings(serialised)):
            yield lines


HEADING = re.compile(r"^\s*(chapter|volume|letter) +[ivxlc\d]+\b.*$|^\s*(the end|finis|\*+)\s*$", re.IGNORECASE)


def chapters(lines):
    chapter = []
    for line in lines:
        if HEADING.match(line):
            yield paragraphs(chapter)
            chapter = []
        else:
            chapter.append(line.strip())
    yield paragraphs(chapter)


def paragraphs(lines):
    blocks = "\n".join(lines).split("\n\n")
    return [text for block in blocks if len(text := plain(" ".join(block.split()))) > 1]


def plain(text):
    """Typed emphasis, dashes and quotation marks as print has them."""
    text = re.sub(r"_([^_]+)_", r"\1", text)
    text = re.sub(r"\s*--+\s*", " — ", text).strip()
    text = re.sub(r'(^|[\s(—])"', r"\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(—“])'", r"\1‘", text).replace("'", "’")


# --- the King James Version


def bible(data, concordance):
    """Each chapter's verses, in order: the program prints `Ge1:1 In the beginning …`, one verse a line. It reads both files from a folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(data, pathlib.Path(folder) / "bible.data")
        shutil.copyfile(concordance, pathlib.Path(folder) / "bible.data.conc")
        command = ["bible", "-p", folder, "-f", "Gen1:1-Rev22:21"]
        printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    chapter, verses = "", []
    for line in printed.splitlines():
        found = re.match(r"^(\w+\d+):\d+ (.+)$", line.strip())
        if not found:
            continue
        if found[1] != chapter:
            yield verses
            chapter, verses = found[1], []
        verses.append(" ".join(found[2].split()))
    yield verses


# --- the Devil's Dictionary


def definitions(path):
    """Each entry's prose; its verse, which stands indented, and who is said to have written it are left out."""
    text = gzip.decompress(pathlib.Path(path).read_bytes()).decode("ascii", errors="replace")
    entry = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in block.split("\n") if line.strip()]
        begins = bool(lines) and re.match(r"[A-Z][A-Z' -]+,? (n|adj|adv|v|pp|p|x|prep|interj)\b", lines[0])
        if begins:
            if entry:
                yield entry
            entry = []
        is_prose = bool(lines) and all(indent(line) == 0 for line in lines[1:]) and indent(lines[0]) <= 4
        if is_prose and (begins or entry) and (len(lines) > 1 or begins):
            entry.append(plain(" ".join(" ".join(lines).split())))
    yield entry


def indent(line):
    return len(line) - len(line.lstrip())


# --- passages


def passages(texts):
    """Whole paragraphs, together at most PASSAGE characters; a longer one is cut between sentences."""
    passage = ""
    for text in texts:
        for piece in pieces(text):
            if passage and len(passage) + len(piece) > PASSAGE:
                yield passage
                passage = ""
            passage += ("\n" if passage else "") + piece
    if passage:
        yield passage


def pieces(text):
    piece = ""
    for sentence in re.split(r"(?<=[.!?;:”’]) ", text):
        if piece and len(piece) + len(sentence) > PASSAGE:
            yield piece
            piece = ""
        piece += (" " if piece else "") + sentence
    if piece:
        yield piece


def write(path, parts):
    with open(path, "w", encoding="utf-8", newline="\n") as lines:
        for number, texts in enumerate(parts, 1):
            for passage in passages(texts):
                if len(passage) >= 40:
                    record = {"conversation": f"{path.stem}-{number}", "text": passage}
                    lines.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")


def main(arguments):
    if len(arguments) != 5:
        sys.exit(__doc__.split("\n\n")[1].strip())
    output, austen, verses, concordance, devil = arguments
    folder = pathlib.Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for number, lines in enumerate(novels(pathlib.Path(austen).read_bytes()), 1):
        write(folder / f"austen-{number}.jsonl", chapters(lines))
    write(folder / "bible.jsonl", bible(verses, concordance))
    write(folder / "devil.jsonl", definitions(devil))


if __name__ == "__main__":
    main(sys.argv[1:])
