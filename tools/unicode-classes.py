#!/usr/bin/env python3
"""Writes the tables of Sources/Engine/Text/UnicodeClasses.swift and WordCharacters.swift: which scalars the judge's \\p{L}, \\p{N}, digits and words hold.

The judge is Hugging Face `tokenizers` (pip install tokenizers). The table is a fact about it, so it is asked, not computed:

    python tools/unicode-classes.py > table.txt
"""
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

SCALARS = [value for value in range(0x110000) if not 0xD800 <= value <= 0xDFFF]


def members(pattern):
    """The scalars that the judge's regex engine finds for a class."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    found = set()
    for start in range(0, len(SCALARS), 1024):
        block = "".join(map(chr, SCALARS[start : start + 1024]))
        for piece, _ in split.pre_tokenize_str(block):
            found.update(map(ord, piece))
    return found


def digits():
    """The scalars that the judge's Digits pre-tokenizer cuts out: Rust's char::is_numeric, of another Unicode version."""
    split = pre_tokenizers.Digits(individual_digits=True)
    return {value for value in SCALARS if len(split.pre_tokenize_str("a" + chr(value))) == 2}


def words():
    """The scalars beside which the judge does not find an added token that is a word by itself: \\w of Rust's regex engine."""
    tokenizer = Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.add_tokens([AddedToken("\ue000", single_word=True, normalized=False)])
    encodings = tokenizer.encode_batch(["\ue000" + chr(value) for value in SCALARS])
    return {value for value, encoding in zip(SCALARS, encodings) if 1 not in encoding.ids}


def edges(scalars):
    """First member and first non-member after it, in turn."""
    return [v for v in sorted(scalars | {v + 1 for v in scalars}) if (v in scalars) != (v - 1 in scalars)]


def show(name, values):
    print(f"{name}: {len(values)}")
    line = "   "
    for value in values:
        word = f" 0x{value:X},"
        if len(line) + len(word) > 140:
            print(line)
            line = "   "
        line += word
    print(line)


print("tokenizers", tokenizers.__version__)
letters, numbers = members(r"\p{L}"), members(r"\p{N}")
show("letters", edges(letters))
show("numbers", edges(numbers))
show("white space", edges(members(r"\s")))
show("digits without numbers", edges(digits() - numbers))
show("numbers without digits", edges(numbers - digits()))
show("words", edges(words()))
