"""A program for the tests of command substrates, with nothing but Python's standard library.

Its argument says what it does: `good` trains after a fashion (it moves every number of the start by a little), everything else does one
thing wrong. It is no model of how to train.
"""
import array
import json
import os
import signal
import subprocess
import sys
import time


def say(event, **members):
    print(json.dumps({"event": event, **members}), flush=True)


def read_tensors(path):
    """name → (shape, float32 numbers), by the rule of the safetensors format."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[name] = (entry["shape"], array.array("f", data[start + first : start + last]))
    return tensors


def write_tensors(path, tensors):
    """Not in the canonical spelling: names in another order, no metadata, no padding."""
    header, body = {}, b""
    for name in sorted(tensors, reverse=True):
        shape, values = tensors[name]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + 4 * len(values)]}
        body += values.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + body)


def edit_configuration(folder, **changes):
    path = folder + "/adapter_config.json"
    with open(path) as file:
        configuration = json.load(file)
    configuration.update(changes)
    with open(path, "w") as file:
        json.dump(configuration, file)


def trained(job):
    tensors = read_tensors(job["start"]["path"] + "/adapter_model.safetensors")
    with open(job["plan"]["path"]) as file:
        plan = [json.loads(line) for line in file]
    with open(job["train"]["path"]) as file:
        examples = [json.loads(line) for line in file]
    for number, step in enumerate(plan):
        learnt = sum(label != -100 for place in step["examples"] for label in examples[place]["labels"])
        for _, values in tensors.values():
            for index in range(len(values)):
                values[index] += step["learning-rate"] * learnt * 1e-4
        say("progress", step=number + 1, steps=len(plan), loss=4.0 / (number + 1))
    return tensors


def deliver(job, tensors, folder="adapter"):
    place = job["output"] + "/" + folder
    os.makedirs(place, exist_ok=True)
    with open(job["start"]["path"] + "/adapter_config.json") as source, open(place + "/adapter_config.json", "w") as target:
        target.write(source.read())
    write_tensors(place + "/adapter_model.safetensors", tensors)
    return place


def done(job, /, **members):
    say("done", **{"job": job["job"], "adapter": "adapter", "claimed-loss": 4.1023, **members})


def first(tensors):
    return sorted(tensors)[0]


def main(what):
    job = json.load(sys.stdin)
    if what == "silent":
        time.sleep(1000)
    if what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("note", text="I do not listen")
        while True:
            time.sleep(1)
    if what == "exit":
        print("out of ink", file=sys.stderr)
        sys.exit(7)
    if what == "signal":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "garbage":
        print("Loading the model…", flush=True)
    if what == "binary":
        os.write(1, bytes(range(128, 256)) + b"\n")
    if what == "unknown-event":
        say("finished", job=job["job"])
    if what == "nan-loss":
        say("progress", step=1, steps=2, loss=float("nan"))
    if what == "long-line":
        os.write(1, b'{"event":"note","text":"' + b"x" * 100_000)
        time.sleep(1000)
    if what == "half-line":
        deliver(job, trained(job))
        os.write(1, b'{"event":"do')
        sys.exit(0)
    if what == "diverged":
        say("progress", step=1, steps=2, loss=4.0)
        say("diverged", step=1)
        return
    if what == "diverged-late":
        say("diverged", step=1_000_000)
        return
    if what == "replaces-events":
        own = {"job.json", "base", "start", "inputs", "output", "train.jsonl", "validation.jsonl", "plan.jsonl"}
        for name in {"events.jsonl", "talk", *os.listdir(".")} - own:
            if os.path.lexists(name):
                os.remove(name)
            os.mkfifo(name)
        time.sleep(0.5)
    if what == "empties-events":
        say("note", text="gone soon")
        os.ftruncate(1, 0)
        return
    if what == "no-answer":
        deliver(job, trained(job))
        return
    if what == "no-files":
        done(job)
        return
    tensors = trained(job)
    if what == "nan":
        tensors[first(tensors)][1][0] = float("nan")
    if what == "shape":
        name = first(tensors)
        shape, values = tensors[name]
        tensors[name] = ([shape[1], shape[0]], values)
    if what == "missing-tensor":
        del tensors[first(tensors)]
    if what == "extra-tensor":
        tensors["base_model.model.lm_head.lora_A.weight"] = ([1, 1], array.array("f", [0]))
    place = deliver(job, tensors)
    if what == "large":
        with open(place + "/adapter_model.safetensors", "ab") as file:
            file.truncate(1 << 30)
    if what == "cut":
        os.truncate(place + "/adapter_model.safetensors", 100)
    if what == "other-base":
        edit_configuration(place, base_model_name_or_path="someone/else")
    if what == "no-base":
        edit_configuration(place, base_model_name_or_path=None)
    if what == "rank":
        edit_configuration(place, r=1)
    if what == "alpha":
        edit_configuration(place, lora_alpha=99)
    if what == "targets":
        edit_configuration(place, target_modules=["q_proj"])
    if what == "rslora":
        edit_configuration(place, use_rslora=True)
    if what == "dora":
        edit_configuration(place, use_dora=True)
    if what == "link":
        os.rename(place + "/adapter_model.safetensors", "hidden.safetensors")
        os.symlink(os.path.abspath("hidden.safetensors"), place + "/adapter_model.safetensors")
    if what == "link-folder":
        os.rename(job["output"], "elsewhere")
        os.symlink("elsewhere", job["output"])
    if what == "pipe":
        os.remove(place + "/adapter_model.safetensors")
        os.mkfifo(place + "/adapter_model.safetensors")
    if what == "children":
        child = subprocess.Popen(["sleep", "1000"])
        with open(sys.argv[2], "w") as file:
            file.write(str(child.pid))
    if what == "outside":
        os.makedirs("elsewhere")
        os.rename(place, "elsewhere/adapter")
        done(job, adapter="../elsewhere/adapter")
    elif what == "absolute":
        done(job, adapter=os.path.abspath(place))
    elif what == "other-job":
        done(job, job="sha256:" + "0" * 64)
    elif what == "digest-base":
        edit_configuration(place, base_model_name_or_path=job["base"]["digest"])
        done(job)
    else:
        done(job)
    if what == "speaks-on":
        say("note", text="one more thing")


main(sys.argv[1])
