#!/usr/bin/env python3
"""What a curation found of what corpus.py planted, and what it took besides.

    score.py FOLDER --ids KEPT.txt                       of any tool: the ids that it kept, one a line
    score.py FOLDER --ours KEPT.jsonl LEDGER.jsonl       of soulpack curate FOLDER/data --export KEPT.jsonl --export-ledger LEDGER.jsonl

prints one JSON object; `misses` in it name each planted thing that was missed and each record that was taken wrongly, by id (line = id + 1).

recall      exact: of the copies beyond one of each content, how many went, the one that stays being the least changed that is left; near, by band:
            of the pairs of a record and its changed copy, how many are not both there any more. Of ours, only what the ledger calls merged counts as gone
precision   of the records that went, how many are beyond one of their cluster; records of low quality are left out, since short ones are alike by
            nature. The rest is told by kind: `template` and `answer` are about different things, whatever they share
conserved   of ours alone, recomputed from the exports: a ledger entry for each line that is not blank, as many kept as exported and from the same
            lines, every merge into a record that stayed when records were compared, every exported record with the id that the ledger has
"""
import argparse, collections, hashlib, json, os, sys

sys.dont_write_bytecode = True
from corpus import settled

# How a copy was made, the least change first; none for the source.
CHANGES = [None, "as it is", "spaces", "line ends", "unicode form", "misread"]
ENDS = 3  # The last of them after which the words are the same to every tool.
GIVEN = {"email": "[EMAIL]", "phone": "[PHONE]", "ip": "[IP]", "iban": "[IBAN]", "card": "[CARD]", "secret": "[SECRET]"}


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Truth:
    def __init__(self, folder):
        self.records = {each["id"]: each for each in lines_of(os.path.join(folder, "truth.jsonl"))}
        with open(os.path.join(folder, "clusters.json")) as file:
            self.clusters = json.load(file)
        self.readable = {name for name, each in self.records.items() if each["kind"] != "broken"}


class Tally:
    """Of how many, how many; by what; and which not."""

    def __init__(self):
        self.counts, self.missed = collections.defaultdict(lambda: [0, 0]), []

    def add(self, what, good, bad_name=None):
        self.counts[what][0] += good
        self.counts[what][1] += 1
        if not good and bad_name is not None:
            self.missed.append({"what": what, "id": bad_name})

    def shares(self):
        return {what: {"of": of, "share": round(good / of, 4)} for what, (good, of) in sorted(self.counts.items())}


def duplicates(truth, gone):
    recall, scripts = Tally(), Tally()
    surplus = 0
    for source, cluster in truth.clusters.items():
        same, near = [source] + cluster["exact"], cluster["near"]
        script = truth.records[source]["script"]
        left = sorted((name for name in same if name not in gone), key=lambda name: CHANGES.index(truth.records[name].get("how")))
        for name in cluster["exact"]:
            recall.add("exact: " + truth.records[name]["how"], name not in left[1:], name)
        for name in near:
            found = name in gone or all(CHANGES.index(truth.records[other].get("how")) > ENDS for other in left)
            recall.add(truth.records[name]["band"], found, name)
            if truth.records[name]["jaccard"] >= 0.75:
                scripts.add(script, found)
        whole = same + near
        surplus += min(sum(name in gone for name in whole), len(whole) - 1)
    judged = [name for name in gone if truth.records[name]["kind"] != "low"]
    in_clusters = {name for source, cluster in truth.clusters.items() for name in [source] + cluster["exact"] + cluster["near"]}
    wrong = [name for name in judged if name not in in_clusters]
    kind = lambda name: truth.records[name].get("family", truth.records[name]["kind"]).split(" ")[0]
    kinds = collections.Counter({"large": "template, large family", "small": "template, family of twelve"}.get(kind(name), kind(name)) for name in wrong)
    totals = collections.Counter({"large": "template, large family", "small": "template, family of twelve"}.get(kind(name), kind(name)) for name in truth.readable)
    return {
        "gone": len(gone), "recall": recall.shares(), "recall by script": scripts.shares(), "precision": round(surplus / max(1, len(judged)), 4),
        "wrongly": {name: {"gone": count, "of": totals[name]} for name, count in sorted(kinds.items())},
    }, recall.missed, wrong


def removed(truth, gone):
    """For runs that judge quality too: what went of low quality and of clean records in no cluster."""
    in_clusters = {name for source, cluster in truth.clusters.items() for name in [source] + cluster["exact"] + cluster["near"]}
    low, clean = Tally(), Tally()
    for name in truth.readable:
        each = truth.records[name]
        if each["kind"] == "low":
            low.add("to be dropped" if each["dropped"] else "other", name in gone)
        if each["kind"] == "clean" and name not in in_clusters:
            clean.add("English" if each["language"] == "en" else "other languages", name in gone)
    return {"low quality gone": low.shares(), "clean gone": clean.shares()}


def by_ids(folder, path):
    truth = Truth(folder)
    with open(path) as file:
        kept = set(file.read().split())
    gone = truth.readable - kept
    result, missed, wrong = duplicates(truth, gone)
    return dict(result, **removed(truth, gone), unknown=len(kept - truth.readable), misses={"duplicates": missed, "wrongly": wrong})


def name_of(entry):
    return f"r{entry['source']['line'] - 1:07d}"


def record_id(line):
    content = {member: value for member, value in line.items() if member not in ("source", "conversation")}
    canonical = json.dumps(dict(content, schema="soulpack.record/1"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def conservation(truth, kept, ledger):
    """Sentences about what does not add up; none where all does."""
    faults, fates = [], collections.Counter(entry["fate"] for entry in ledger.values())
    expected = {name for name, each in truth.records.items() if each["kind"] != "broken" or each["reason"]}
    if set(ledger) != expected:
        faults.append(f"{len(expected - set(ledger))} lines have no entry, {len(set(ledger) - expected)} entries have no line")
    if sum(fates[fate] for fate in ("kept", "dropped", "merged")) != len(ledger):
        faults.append(f"fates {dict(fates)} of {len(ledger)} records")
    if {name for name, entry in ledger.items() if entry["fate"] == "kept"} != set(kept) or fates["kept"] != len(kept):
        faults.append(f"{fates['kept']} kept in the ledger, {len(kept)} exported")
    for name, entry in ledger.items():
        if entry["fate"] == "merged":
            keeper = ledger.get(name_of({"source": entry["keeper"]}))
            if keeper is None or (keeper["fate"] == "merged" and "similarity-ppm" not in keeper["keeper"]) or keeper["id"] != entry["keeper"]["id"]:
                faults.append(f"{name} is merged into {entry['keeper']}, which did not stay")
        if entry["fate"] == "kept" and name in kept and record_id(kept[name]) != entry["id"]:
            faults.append(f"{name} is exported with another content than its id says")
    return faults


def texts_of(line):
    return [turn["content"] for turn in line["messages"]]


def personal_data(truth, kept):
    found, spared, missed = Tally(), Tally(), []
    strays = 0
    for name, line in kept.items():
        text = "\n".join(texts_of(line))
        planted = truth.records[name].get("pii", [])
        strays += not planted and any(sign in text for sign in GIVEN.values())
        for each in planted:
            there = each["value"] in text
            (found if each["valid"] else spared).add(each["kind"], there != each["valid"])
            if there == each["valid"]:
                missed.append(dict(each, id=name))
    return {"personal data redacted": found.shares(), "decoys spared": spared.shares(), "redactions where nothing was planted": strays}, missed


def ours(folder, kept_path, ledger_path):
    truth = Truth(folder)
    kept = {name_of(line): line for line in lines_of(kept_path)}
    # The first lines of an exported ledger may speak of files and not of records.
    ledger = {name_of(entry): entry for entry in lines_of(ledger_path) if "source" in entry and "line" in entry["source"]}
    merged = {name for name, entry in ledger.items() if entry["fate"] == "merged"}
    result, missed, wrong = duplicates(truth, merged)
    lost = [name for name, entry in ledger.items() if entry["fate"] == "dropped" and truth.records[name]["kind"] in ("clean", "exact", "near", "template", "question", "answer", "pii", "mojibake", "odd")]
    broken, low, held, repaired = Tally(), Tally(), Tally(), Tally()
    wrong_reason = []
    for name, each in truth.records.items():
        entry = ledger.get(name)
        fate = entry and (entry.get("reason") or entry["fate"])
        if each["kind"] == "broken":
            broken.add("broken lines", fate == each["reason"])
            if fate != each["reason"]:
                wrong_reason.append({"id": name, "expected": each["reason"], "was": fate})
        elif each["kind"] == "low" and each["dropped"] and fate != "merged":
            low.add(each["how"], fate == each["dropped"], name)
        elif each["kind"] == "contaminated":
            held.add(each["how"], fate == "text of an evaluation record", name)
        elif each["kind"] == "mojibake" and name in kept and not each["unchanged"]:
            repaired.add(each["script"], [settled(text) for text in texts_of(kept[name])] == each["meant"], name)
    found, unfound = personal_data(truth, kept)
    faults = conservation(truth, kept, ledger)
    pairs = [{"id": name, "into": name_of({"source": ledger[name]["keeper"]}), "similarity-ppm": ledger[name]["keeper"].get("similarity-ppm")} for name in wrong]
    return dict(
        result, **found, **removed(truth, truth.readable - set(kept)), conserved=not faults, faults=faults[:20], **{
            "broken lines as documented": broken.shares(), "low quality dropped as documented": low.shares(), "evaluation text dropped": held.shares(),
            "misread text repaired": repaired.shares(), "good records dropped": len(lost),
            "misses": {"duplicates": [dict(each, **{key: truth.records[each["id"]][key] for key in ("of", "jaccard", "apart", "side", "how") if key in truth.records[each["id"]]}) for each in missed],
                       "wrongly": pairs, "personal data": unfound, "broken": wrong_reason, "low": low.missed, "evaluation": held.missed, "misread": repaired.missed,
                       "dropped": [{"id": name, "stage": ledger[name]["stage"], "reason": ledger[name]["reason"]} for name in lost]}})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--ids")
    parser.add_argument("--ours", nargs=2)
    options = parser.parse_args()
    print(json.dumps(by_ids(options.folder, options.ids) if options.ids else ours(options.folder, *options.ours), ensure_ascii=False))


if __name__ == "__main__":
    main()
