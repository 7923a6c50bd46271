"""rensa (MIT): the deduplicator of its README, over the words of a text as there; `shingles` over runs of five words, at the others' 0.7."""
import json, os, sys

REQUIREMENTS = ["rensa"]
PACKAGE = "rensa"
MODES = {"near": "threshold 0.8, 128 hashes, words", "shingles": "threshold 0.7, 128 hashes, 5-shingles"}


def tokens(text, mode):
    words = text.split()
    return words if mode == "near" else [" ".join(words[at:at + 5]) for at in range(max(1, len(words) - 4))]


def main(mode, flat, work):
    from rensa import RMinHashDeduplicator

    finder = RMinHashDeduplicator(threshold=0.8 if mode == "near" else 0.7, num_perm=128, use_lsh=True)
    with open(flat, encoding="utf-8") as file, open(os.path.join(work, "kept.txt"), "w") as kept:
        pairs = []

        def settle():
            for (name, _), stays in zip(pairs, finder.add_pairs(pairs)):
                if stays:
                    kept.write(name + "\n")
            pairs.clear()

        for line in file:
            record = json.loads(line)
            pairs.append((record["id"], tokens(record["text"], mode)))
            if len(pairs) == 2000:
                settle()
        settle()


if __name__ == "__main__":
    main(*sys.argv[1:])
