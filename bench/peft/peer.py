#!/usr/bin/env python3
"""The peers' side of run.py: PEFT on PyTorch, by a plain loop or by TRL's SFTTrainer. Prints a line when a step is done.

    peer.py MODEL TEXTS --loop plain|trl --steps N --batch 4 --context 256 --rank 8 --rate 2e-4 --seed 1 --threads 2 --out DIR
    peer.py MODEL --make "hidden=256 layers=8 heads=4 keys=2 intermediate=688 vocabulary=8192"     # a new model with random weights

TEXTS is one JSON object a line, {"text": …}; each text with the token that ends it is an example of exactly the context's length, learnt throughout.
"""
import argparse
import json


def make(folder, sizes):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    size = dict(part.split("=") for part in sizes.split())
    size = {name: int(value) for name, value in size.items()}
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=size["vocabulary"], hidden_size=size["hidden"], intermediate_size=size["intermediate"], num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"], num_key_value_heads=size["keys"], max_position_embeddings=2048, tie_word_embeddings=True,
        bos_token_id=0, eos_token_id=0)).save_pretrained(folder)


def examples(chosen):
    """Token ids, all of one length, so that nothing is padded."""
    from transformers import PreTrainedTokenizerFast
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{chosen.model}/tokenizer.json", eos_token="<|endoftext|>", pad_token="<|endoftext|>")
    texts = [json.loads(line)["text"] for line in open(chosen.texts, encoding="utf-8")]
    rows = [ids + [tokenizer.eos_token_id] for ids in tokenizer(texts)["input_ids"]]
    assert all(len(row) == chosen.context for row in rows), "a text is not as long as the context"
    return tokenizer, rows


def adapter(chosen):
    from peft import LoraConfig
    return LoraConfig(
        r=chosen.rank, lora_alpha=2 * chosen.rank, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])


def done(step): print(f"step {step}", flush=True)


def plain(chosen, base, rows):
    """What a person writes who knows PyTorch: forward, backward, clip, step."""
    import torch
    from peft import get_peft_model
    model = get_peft_model(base, adapter(chosen))
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=chosen.rate, weight_decay=0.01)
    data = torch.tensor(rows)
    for step in range(chosen.steps):
        batch = data[[(step * chosen.batch + place) % len(rows) for place in range(chosen.batch)]]
        model(input_ids=batch, labels=batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done(step + 1)
    model.save_pretrained(chosen.out)


def trl(chosen, base, tokenizer, rows):
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Marks(TrainerCallback):
        def on_step_end(self, arguments, state, control, **rest): done(state.global_step)

    settings = SFTConfig(
        output_dir=chosen.out, max_steps=chosen.steps, per_device_train_batch_size=chosen.batch, learning_rate=chosen.rate,
        lr_scheduler_type="constant", weight_decay=0.01, max_grad_norm=1.0, seed=chosen.seed, max_length=chosen.context,
        dataset_kwargs={"skip_prepare_dataset": True}, gradient_checkpointing=False, bf16=False, use_cpu=True, report_to=[], save_strategy="no",
        logging_steps=10**6, disable_tqdm=True)
    trainer = SFTTrainer(
        model=base, args=settings, train_dataset=Dataset.from_dict({"input_ids": rows}), peft_config=adapter(chosen), processing_class=tokenizer,
        callbacks=[Marks()])
    trainer.train()
    trainer.save_model(chosen.out)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("texts", nargs="?")
    options.add_argument("--make")
    options.add_argument("--loop", choices=["plain", "trl"])
    options.add_argument("--rate", type=float)
    options.add_argument("--out")
    for name in ("steps", "batch", "context", "rank", "seed", "threads"):
        options.add_argument(f"--{name}", type=int)
    chosen = options.parse_args()
    if chosen.make:
        return make(chosen.model, chosen.make)
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    base = AutoModelForCausalLM.from_pretrained(chosen.model, dtype=torch.float32)
    tokenizer, rows = examples(chosen)
    if chosen.loop == "plain":
        plain(chosen, base, rows)
    else:
        trl(chosen, base, tokenizer, rows)


if __name__ == "__main__":
    main()
