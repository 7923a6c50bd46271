"""Data-Juicer (Apache-2.0): document_minhash_deduplicator with its defaults (words, 5-grams, 256 hashes, threshold 0.7), in two processes; `all`
puts before it the mappers and filters of its refinement recipes that need no model, each with its defaults.
"""
import json, os, sys, types

# What it would otherwise install by itself in the midst of a run.
REQUIREMENTS = ["py-data-juicer", "aiohttp", "ray", "scipy", "ftfy", "regex", "emoji"]
PACKAGE = "py-data-juicer"
MODES = {"near": "threshold 0.7, 5-grams, 256 hashes", "all": "3 mappers, 6 filters, MinHash"}
BEFORE = ["fix_unicode_mapper", "clean_email_mapper", "clean_ip_mapper", "alphanumeric_filter", "average_line_length_filter", "character_repetition_filter", "special_characters_filter",
          "word_repetition_filter", "words_num_filter"]


def main(mode, flat, work):
    out = os.path.join(work, "out", "kept.jsonl")
    settings = {"project_name": "bench", "dataset_path": flat, "export_path": out, "np": 2, "text_keys": "text", "use_cache": False, "open_tracer": False, "open_monitor": False}
    steps = (BEFORE if mode == "all" else []) + ["document_minhash_deduplicator"]
    recipe = os.path.join(work, "recipe.yaml")
    with open(recipe, "w") as file:
        # JSON is YAML.
        file.write(json.dumps(dict(settings, process=[{step: {}} for step in steps])))
    os.chdir(work)
    from data_juicer.tools import process_data
    from data_juicer.utils import model_utils

    # After each step it empties PyTorch's cache, though none has a model, and installs 3 GB to do so.
    model_utils.torch = types.SimpleNamespace(cuda=types.SimpleNamespace(empty_cache=lambda: None))
    sys.argv = ["dj-process", "--config", recipe]
    process_data.main()
    with open(out, encoding="utf-8") as file, open(os.path.join(work, "kept.txt"), "w") as kept:
        kept.writelines(json.loads(line)["id"] + "\n" for line in file)


if __name__ == "__main__":
    main(*sys.argv[1:4])
