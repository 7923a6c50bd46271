"""datatrove (Apache-2.0): MinHash in its four steps with the defaults of MinhashConfig (5-grams, 14 buckets of 8, similarity about 0.72);
`all` puts before it FTFY and Gopher's two filters and after it the redaction of addresses, each with its defaults. Two tasks at once.
"""
import glob, json, os, sys

REQUIREMENTS = ["datatrove[processing,io]", "spacy"]
PACKAGE = "datatrove"
MODES = {"near": "5-grams, 14 buckets of 8", "all": "FTFY, Gopher, MinHash, PII"}


def parts(flat, folder, count=2):
    """The corpus in as many files, since a task reads whole files."""
    os.makedirs(folder)
    with open(flat, encoding="utf-8") as file:
        lines = file.readlines()
    for part in range(count):
        with open(os.path.join(folder, f"part{part}.jsonl"), "w", encoding="utf-8") as file:
            file.writelines(lines[len(lines) * part // count:len(lines) * (part + 1) // count])
    return folder


def main(mode, flat, work):
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
    from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    at = lambda name: os.path.join(work, name)

    def run(name, tasks, *steps):
        LocalPipelineExecutor(pipeline=list(steps), tasks=tasks, workers=min(tasks, 2), logging_dir=at("logs/" + name), skip_completed=False).run()

    source, last, config = parts(flat, at("in")), [], MinhashConfig()
    if mode == "all":
        run("filters", 2, JsonlReader(source), FTFYFormatter(), GopherRepetitionFilter(), GopherQualityFilter(), JsonlWriter(at("filtered"), compression=None))
        source, last = at("filtered"), [PIIFormatter()]
    run("signatures", 2, JsonlReader(source), MinhashDedupSignature(output_folder=at("signatures"), config=config))
    run("buckets", config.num_buckets, MinhashDedupBuckets(input_folder=at("signatures"), output_folder=at("buckets"), config=config))
    run("clusters", 1, MinhashDedupCluster(input_folder=at("buckets"), output_folder=at("gone"), config=config))
    run("rest", 2, JsonlReader(source), MinhashDedupFilter(input_folder=at("gone")), *last, JsonlWriter(at("out"), compression=None))
    with open(at("kept.txt"), "w") as kept:
        for path in sorted(glob.glob(at("out/*.jsonl"))):
            with open(path, encoding="utf-8") as file:
                kept.writelines(json.loads(line)["id"] + "\n" for line in file)


if __name__ == "__main__":
    main(*sys.argv[1:])
