#!/usr/bin/env python3
"""Curation by soulpack and by datatrove, text-dedup, rensa and Data-Juicer, on one corpus in one run: what it costs, and what was found of what was planted.

    python3 bench/curation/run.py [--soulpack .build/release/soulpack] [--records 100000] [--peers rensa,datatrove,text-dedup,data-juicer] [--scratch DIR]
    python3 bench/curation/run.py --million        a million records by soulpack alone

Each peer is installed from PyPI into an environment of its own (peers/ says what and how it is called); one that does not install or run is named and
the others go on. What is in the scratch folder, environments and corpora, is used again. Ratios are to soulpack's at the same work; on a busy machine only
the CPU's mean something. Memory is the peak of all processes together, shared pages counted once, sampled (where there is no /proc: of the
largest process).
Standard library only; the peers need 3 GB of disk.
"""
import argparse, importlib, json, os, shutil, signal, subprocess, sys, tempfile, threading, time, venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(HERE, "peers")]
sys.dont_write_bytecode = True  # Or the build would ask what they are.
import corpus, score


class Watch:
    """CPU and memory of a session's processes while they run; some outlive or escape their parent, so that what the system adds up is too little."""

    def __init__(self, session):
        self.session, self.peak, self.ticks, self.done = session, 0, {}, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        # Often at first, for what ends within a second; seldom later, since to add up the pages of a large process is work.
        pause = 0.01
        while not self.done.wait(pause):
            pause, total = min(0.2, pause * 1.1), 0
            for process in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else ()):
                try:
                    with open(f"/proc/{process}/stat") as file:
                        fields = file.read().rpartition(")")[2].split()
                    if int(fields[3]) != self.session:
                        continue
                    self.ticks[process, fields[19]] = int(fields[11]) + int(fields[12])
                    with open(f"/proc/{process}/smaps_rollup") as file:
                        total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
                    with open(f"/proc/{process}/status") as file:
                        self.peak = max([self.peak] + [int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")])
                except (OSError, ValueError, IndexError):
                    pass
            self.peak = max(self.peak, total * 1024)

    def stop(self):
        self.done.set()
        self.thread.join()
        return self.peak, sum(self.ticks.values()) / os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    pass


def measured(command, environment, log, limit):
    """Wall and CPU seconds and peak bytes of a command with its children."""
    with open(log, "wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        watch = Watch(process.pid)
        killer = threading.Timer(limit, lambda: os.killpg(process.pid, 9))
        killer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            # A session of its own hears no Ctrl-C.
            os.killpg(process.pid, 9)
            raise
        finally:
            wall = time.monotonic() - began
            killer.cancel()
        process.returncode = 1 if status else 0
        peak, cpu = watch.stop()
    if os.WIFSIGNALED(status):
        raise Failed(f"was ended by signal {os.WTERMSIG(status)}, after {wall:,.0f} of at most {limit:,} seconds ({log})")
    if status:
        with open(log, errors="replace") as file:
            last = [line.strip() for line in file if line.strip()][-1:]
        raise Failed(f"ended with {os.WEXITSTATUS(status)}: {''.join(last)[-200:]} ({log})")
    # On Linux a child begins with the size of this process, which is no part of it.
    return {"wall": wall, "cpu": max(cpu, usage.ru_utime + usage.ru_stime), "peak": peak or usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def install(peer, scratch):
    """The environment's Python and the package's version."""
    place = os.path.join(scratch, "environments", peer.PACKAGE)
    python, mark = os.path.join(place, "bin", "python"), os.path.join(place, "installed")
    wanted = " ".join(peer.REQUIREMENTS)
    if not os.path.exists(mark) or open(mark).read() != wanted:
        print(f"installing {wanted}", file=sys.stderr)
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", *peer.REQUIREMENTS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failed("not installed: " + (done.stdout.strip().splitlines() or ["?"])[-1][-200:])
        with open(mark, "w") as file:
            file.write(wanted)
    asked = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    return python, subprocess.run([python, "-c", asked, peer.PACKAGE], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.soulpack = os.path.abspath(options.soulpack)
        self.folder = os.path.join(scratch, f"corpus-{options.records}")
        self.rows, self.base = [], {}
        for name in ("logs", "home", "ours", "kept"):
            os.makedirs(self.at(name), exist_ok=True)
        # Nothing is fetched while the clock runs.
        self.environment = dict(os.environ, HOME=self.at("home"), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", UV_OFFLINE="1", PIP_NO_INDEX="1", PYTHONDONTWRITEBYTECODE="1")

    def at(self, *names):
        return os.path.join(self.scratch, *names)

    def make_corpus(self):
        mark = os.path.join(self.folder, "made")
        with open(os.path.join(HERE, "corpus.py"), "rb") as a, open(os.path.join(HERE, "words.py"), "rb") as b, open(os.path.join(HERE, "personal.py"), "rb") as c:
            by = a.read() + b.read() + c.read()
        if not os.path.exists(mark) or open(mark, "rb").read() != by:
            print(f"making {self.options.records:,} records", file=sys.stderr)
            corpus.write(self.options.records, "1", fresh(self.folder))
            with open(mark, "wb") as file:
                file.write(by)
        size = os.path.getsize(os.path.join(self.folder, "data/chats.jsonl"))
        print(f"{self.options.records:,} lines, {size / 1e6:,.0f} MB; " + os.uname().machine + f", {os.cpu_count()} cores")

    def row(self, work, name, version, cost, note=""):
        base = self.base.setdefault(work, cost)
        print(f"  {name:22} {version:8} {cost['wall']:8.2f} {cost['cpu']:8.2f} {cost['peak'] / 1e6:8,.0f}   {cost['wall'] / base['wall']:7.2f} {cost['cpu'] / base['cpu']:7.2f} {cost['peak'] / base['peak']:7.2f}   {note}",
              flush=True)

    def ours(self, work, name, *arguments):
        """With its store alone, as people run it; and once more with both exports, which scoring reads."""
        kept, ledger = self.at("ours", f"{name}.jsonl"), self.at("ours", f"{name}.ledger.jsonl")
        exports = ["--export", kept, "--export-ledger", ledger]
        note = " ".join(arguments) if name != "against" else "--against evaluation.jsonl"
        for options, label in (([], "soulpack"), (exports, "soulpack, exports")):
            command = [self.soulpack, "curate", os.path.join(self.folder, "data"), *options, *arguments]
            fresh(self.at("store"))
            cost = measured(command, dict(self.environment, SOULPACK_STORE=self.at("store")), self.at("logs", f"soulpack-{name}.log"), self.options.limit)
            self.row(work, label, "", cost, note)
        return cost, kept, ledger

    def scored(self, work, name, result):
        self.rows.append((work, name, result))

    def run_bench_target(self):
        """The stage as a library, best of three, from memory and without a store; where somebody has built it."""
        program = os.path.join(os.path.dirname(self.soulpack), "curation-bench")
        if not os.path.exists(program):
            print("  curation-bench is not built (swift build -c release --product curation-bench), not measured")
            return
        done = subprocess.run([program, os.path.join(self.folder, "data/chats.jsonl"), self.at("kept-bench.txt")], check=True, stdout=subprocess.PIPE, text=True)
        numbers = json.loads(done.stdout)
        base = self.base["near"]
        print(f"  {'curation-bench':22} {'':8} {numbers['near-wall-s']:8.2f} {numbers['near-cpu-s']:8.2f} {'':8}   {numbers['near-wall-s'] / base['wall']:7.2f} {numbers['near-cpu-s'] / base['cpu']:7.2f} {'':7}   "
              f"the same in memory, without store and export")

    def peer(self, name, peer, mode, work):
        try:
            python, version = install(peer, self.scratch)
            out = fresh(self.at("work"))
            flat = os.path.join(self.folder, "flat.jsonl")
            cost = measured([python, os.path.abspath(peer.__file__), mode, flat, out], self.environment, self.at("logs", f"{name}-{mode}.log"), self.options.limit)
            label = name if mode in ("near", "all") else f"{name} {mode}"
            self.row(work, label, version, cost, peer.MODES[mode])
            kept = shutil.copy(os.path.join(out, "kept.txt"), self.at("kept", f"{name}-{mode}.txt"))
            shutil.rmtree(out)
            self.scored(work, label, score.by_ids(self.folder, kept))
        except (Failed, OSError, subprocess.CalledProcessError) as failure:
            print(f"  {name:22} {mode}: {failure}", flush=True)

    def run(self):
        self.make_corpus()
        peers = {name: importlib.import_module("by_" + name.replace("-", "_")) for name in filter(None, self.options.peers.split(","))}
        for name, peer in list(peers.items()):
            try:
                install(peer, self.scratch)
            except (Failed, OSError, subprocess.CalledProcessError) as failure:
                print(f"{name}: {failure}")
                del peers[name]
        head = f"  {'':22} {'':8} {'wall s':>8} {'CPU s':>8} {'MB':>8}   {'wall':>7} {'CPU':>7} {'memory':>7}   of soulpack's"
        print("\nnear duplicates alone\n" + head)
        _, kept, ledger = self.ours("near", "near", "--only", "deduplicate")
        self.scored("near", "soulpack", score.ours(self.folder, kept, ledger))
        self.run_bench_target()
        for name, peer in peers.items():
            for mode in peer.MODES:
                if mode != "all":
                    self.peer(name, peer, mode, "near")
        print("\neverything that a tool does by default\n" + head)
        _, kept, ledger = self.ours("all", "all")
        self.scored("all", "soulpack", score.ours(self.folder, kept, ledger))
        for name, peer in peers.items():
            if "all" in peer.MODES:
                self.peer(name, peer, "all", "all")
        _, kept, ledger = self.ours("all", "against", "--against", os.path.join(self.folder, "evaluation.jsonl"))
        full = score.ours(self.folder, kept, ledger)
        self.tell_found("near")
        self.tell_all()
        self.tell_ours(full)
        with open(self.at("scores.json"), "w") as file:
            json.dump([{"work": work, "tool": name, "result": result} for work, name, result in self.rows + [("against", "soulpack", full)]], file, ensure_ascii=False, indent=1)
        print(f"\neverything that was missed or taken wrongly, by id: {self.at('scores.json')}")

    def table(self, columns, lines):
        """Lines of a name and a cell for each column, `-` where there is none."""
        print(f"  {'':30}" + "".join(f"{column:>{max(13, len(column) + 2)}}" for column in columns))
        for name, cells in lines:
            print(f"  {name:30}" + "".join(f"{cell:>{max(13, len(column) + 2)}}" for column, cell in zip(columns, cells)))

    def tell_found(self, work):
        rows = [(name, result) for each, name, result in self.rows if each == work]
        percent = lambda part: "-" if part is None else f"{part['share']:.1%}"
        columns = [name for name, _ in rows]
        print("\nfound of the copies that were planted, near duplicates alone (by exact Jaccard similarity of word 5-shingles)")
        bands = sorted({band for _, result in rows for band in result["recall"]}, key=lambda band: (not band.startswith("exact"), band == "same words", band))
        self.table(columns, [(f"{band} ({rows[0][1]['recall'][band]['of']:,})", [percent(result["recall"].get(band)) for _, result in rows]) for band in bands])
        print("changed copies by script, from 0.75 on")
        scripts = sorted(rows[0][1]["recall by script"])
        self.table(columns, [(f"{script} ({rows[0][1]['recall by script'][script]['of']:,})", [percent(result["recall by script"].get(script)) for _, result in rows]) for script in scripts])
        print("of what was taken away, how much was a copy; and what else went, of how many")
        kinds = sorted({kind for _, result in rows for kind in result["wrongly"] if kind != "low"})
        self.table(columns, [("precision", [f"{result['precision']:.1%}" for _, result in rows])] + [
            (kind, [f"{result['wrongly'][kind]['gone']:,}/{result['wrongly'][kind]['of']:,}" if kind in result["wrongly"] else "0" for _, result in rows]) for kind in kinds])

    def tell_all(self):
        rows = [(name, result) for work, name, result in self.rows if work == "all"]
        print("\neverything: what went of low quality, and of clean records that have no copy")
        cell = lambda result, part, what: f"{result[part][what]['share']:.1%}"
        self.table([name for name, _ in rows], [(f"{part[:-5]}, {what}", [cell(result, part, what) for _, result in rows]) for part, what in (
            ("low quality gone", "to be dropped"), ("low quality gone", "other"), ("clean gone", "English"), ("clean gone", "other languages"))])

    def tell_ours(self, result):
        print("\nsoulpack, everything, --against the evaluation file")
        for part in ("recall", "personal data redacted", "decoys spared", "broken lines as documented", "low quality dropped as documented", "evaluation text dropped", "misread text repaired"):
            print(f"  {part:34} " + ", ".join(f"{what} {each['share']:.1%} of {each['of']:,}" for what, each in result[part].items()))
        print(f"  {'redactions where nothing was':34} {result['redactions where nothing was planted']}")
        print(f"  {'good records dropped':34} {result['good records dropped']}")
        print(f"  {'conservation, recomputed':34} " + ("read = kept + dropped + merged; every kept id is the digest of what was exported" if result["conserved"] else "; ".join(result["faults"])))

    def million(self):
        self.make_corpus()
        print(f"  {'':22} {'':8} {'wall s':>8} {'CPU s':>8} {'MB':>8}   {'wall':>7} {'CPU':>7} {'memory':>7}")
        cost, kept, ledger = self.ours("all", "million")
        print(f"  {self.options.records / cost['wall']:,.0f} records a second, {self.options.records / cost['cpu']:,.0f} a second of CPU; at most {cost['peak'] / 1e9:.2f} GB of memory (meant: under 2)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soulpack", default=os.path.join(ROOT, ".build/release/soulpack"))
    parser.add_argument("--records", type=int)
    parser.add_argument("--peers", default="rensa,datatrove,text-dedup,data-juicer")
    parser.add_argument("--scratch", help="kept; without it a folder that is deleted in the end")
    parser.add_argument("--limit", type=int, default=3600, help="seconds for one run of one tool")
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    # So that whoever ends this ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    options.records = options.records or (1_000_000 if options.million else 100_000)
    if not os.path.exists(options.soulpack):
        parser.error(f"{options.soulpack} is not there: make, or --soulpack")
    unknown = [name for name in filter(None, options.peers.split(",")) if not os.path.exists(os.path.join(HERE, "peers", f"by_{name.replace('-', '_')}.py"))]
    if unknown:
        parser.error(f"no such peer: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(options, os.path.abspath(options.scratch) if options.scratch else temporary)
        try:
            bench.million() if options.million else bench.run()
        except Failed as failure:
            sys.exit(f"soulpack {failure}")


if __name__ == "__main__":
    main()
