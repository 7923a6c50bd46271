#!/usr/bin/env python3
"""Turn the Jargon File, as Debian's dict-jargon packs it, into questions and answers.

    jargon.py jargon.dict.dz OUTPUT-FOLDER [jargon.index]

The dictionary is in dictd's format: text in gzip (with a table for random access that we need not use) and an index of
`headword TAB offset TAB length`, numbers in base 64, most significant digit first. Without the third argument the index is looked
for beside the dictionary. Writes OUTPUT-FOLDER/entries.jsonl, one conversation a line; the same input gives the same bytes.
"""

import gzip
import json
import pathlib
import re
import sys

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# A second line such as ` /bit/, n.`, ` vt.,obs.` or ` //`: how a word is said and which part of speech it is.
GRAMMAR = re.compile(r"^ (?:/|[a-z]+\.)|^ ?$")
PART_OF_SPEECH = re.compile(r"(?:^|[\s,/])(n|np|pl\.n|v|vt|vi|adj|adv|interj|excl|prov|prefix|pref|suff|suffix|abbrev|quant)\b\.?")


def number(digits):
    value = 0
    for digit in digits:
        value = value * 64 + DIGITS.index(digit)
    return value


def entries(dictionary, index):
    """Each stretch of text that the index names, once, in the order of the dictionary: several headwords may share one."""
    spans = set()
    for line in index.decode("utf-8").splitlines():
        headword, offset, length = line.split("\t")[:3]
        if not headword.startswith("00-") and not headword.startswith("00database"):
            spans.add((number(offset), number(length)))
    for offset, length in sorted(spans):
        yield dictionary[offset : offset + length].decode("utf-8")


def is_prose(block):
    """Running text is indented by four; examples of code, tables and verse stand further in."""
    indents = [len(line) - len(line.lstrip(" ")) for line in block]
    return max(indents) <= 4 and max(len(line) for line in block) <= 100


def unwrap(block):
    """One line from a wrapped paragraph. A brace, a quotation mark or a manual's section at a line's end may have been parted from its word."""
    if not is_prose(block):
        inner = min(len(line) - len(line.lstrip(" ")) for line in block)
        return "\n".join(line[inner:].rstrip() for line in block)
    text = "\n".join(line.strip() for line in block)
    return tidy(re.sub(r"(?<=\w)\n(?=\(\d\))", "", text).replace("\n", " "))


def tidy(text):
    text = re.sub(r"([{(\[“‘]) +", r"\1", text)
    return re.sub(r" +([})\],.;:”])", r"\1", text)


def without_braces(text):
    """`{bit bucket}` marks a reference: the word stays, its marks go. Other braces are code and go too, with a space for each."""
    text = re.sub(r"\{\s*([^{}]*?)\s*\}", r"\1", text)
    return re.sub(r"[ \t]{2,}", " ", text.replace("{", " ").replace("}", " ")) if re.search("[{}]", text) else text


def parse(entry):
    """The headword, its grammar line and its paragraphs."""
    lines = entry.rstrip("\n").split("\n")
    headword = lines[0].strip()
    body = lines[1:]
    grammar = ""
    if body and GRAMMAR.match(body[0]) and not body[0].startswith("    "):
        grammar = body.pop(0).strip()
        # A long pronunciation runs on to the next line, up to the blank one before the text.
        while body and body[0].strip() and not body[0].startswith("    "):
            grammar += " " + body.pop(0).strip()
    blocks = [block.split("\n") for block in re.split(r"\n[ \t]*\n", "\n".join(body).strip("\n")) if block.strip()]
    paragraphs = [without_braces(unwrap(block)).strip() for block in blocks]
    paragraphs = [text for text in paragraphs if text and not is_letter_heading(text, headword)]
    return headword, grammar, paragraphs


def is_letter_heading(text, headword):
    """The file's chapter heads, `A`, `B`, … trail the entry before them."""
    return len(text) == 1 and text.isupper() and text != headword


def kind(grammar):
    without_sound = re.sub(r"/[^/]*/", " ", grammar)
    found = PART_OF_SPEECH.search(without_sound)
    return found.group(1) if found else ""


def question(headword, part, paragraphs):
    """Phrased by what the entry is: a person asks otherwise about a thing than about something done or said."""
    quoted = f"“{headword}”"
    if part in ("v", "vt", "vi"):
        return f"What do hackers mean by the verb {quoted}?"
    if part == "adj":
        return f"What is meant when something is called {quoted}?"
    if part == "adv":
        return f"How is the word {quoted} used?"
    if part in ("interj", "excl"):
        return f"When would somebody say {quoted}?"
    if part == "prov":
        return f"What does the saying {quoted} mean?"
    if part in ("pref", "prefix", "suff", "suffix"):
        return f"What does {quoted} add to a word?"
    if headword.endswith("'s Law") or headword.endswith(" Law"):
        return f"What does {headword} say?"
    if headword.isupper() and headword.isalpha() and 2 <= len(headword) <= 6:
        return f"What does {headword} stand for, or mean, among hackers?"
    if part == "pl.n":
        return f"What are {quoted}?"
    if re.match(r"(\[[^\]]*\] )?([Ss]ee|Syn\.?) ", paragraphs[0]) and len(paragraphs[0]) < 60:
        return f"Is there another word for {quoted}?"
    if any(text.startswith("2. ") for text in paragraphs):
        return f"What are the meanings of {quoted}?"
    if headword[:1].isupper() and " " in headword:
        return f"Tell me about {quoted}."
    if part in ("n", "np"):
        return f"Can you explain {quoted} to me, at some length?" if sum(map(len, paragraphs)) > 600 else f"What is {quoted}?"
    return f"What does {quoted} mean in hacker jargon?"


def conversation(entry):
    headword, grammar, paragraphs = parse(entry)
    headword = without_braces(headword).strip()
    if not headword or not paragraphs:
        return None
    return {
        "messages": [
            {"role": "user", "content": question(headword, kind(grammar), paragraphs)},
            {"role": "assistant", "content": "\n\n".join(paragraphs)},
        ]
    }


def main(arguments):
    if len(arguments) not in (2, 3):
        sys.exit("usage: jargon.py DICTIONARY.dict.dz OUTPUT-FOLDER [INDEX]")
    source = pathlib.Path(arguments[0])
    index = pathlib.Path(arguments[2]) if len(arguments) == 3 else source.with_name(source.name.removesuffix(".dict.dz") + ".index")
    dictionary = gzip.decompress(source.read_bytes())
    output = pathlib.Path(arguments[1])
    output.mkdir(parents=True, exist_ok=True)
    with open(output / "entries.jsonl", "w", encoding="utf-8", newline="\n") as lines:
        for entry in entries(dictionary, index.read_bytes()):
            if record := conversation(entry):
                lines.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
