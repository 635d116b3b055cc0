"""A small encoder of the BERT family with random weights, and what transformers' BertForSequenceClassification answers with them in double precision.

Tokens are those of the library tokenizers. Needs numpy, safetensors, tokenizers, torch and transformers. Writes bert/model.safetensors,
bert/tokenizer.json, bert/config.json and bert/answers.json."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

here = Path(__file__).parent / "bert"
generator = np.random.default_rng(17)
hidden, layers, heads, inner, positions, window = 32, 2, 4, 64, 40, 24

letters = "abcdefghijklmnopqrstuvwxyz0123456789"
words = "the a of model data rows learn deep water river city light small large quick search text vector index query".split()
pieces = "##s ##ing ##ed ##er ##ly ##tion".split() + ["##" + letter for letter in letters]
marks = list(".,!?-()'\"") + list("模型数据한국") + ["café"]
vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *pieces, *letters, *marks]
numbers = {piece: number for number, piece in enumerate(dict.fromkeys(vocabulary))}
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def place(name, kind):
    return {"SpecialToken": {"id": name, "type_id": kind}} if name.startswith("[") else {"Sequence": {"id": name, "type_id": kind}}


tokenizer = {
    "version": "1.0",
    "truncation": {"direction": "Right", "max_length": 6, "strategy": "LongestFirst", "stride": 0},
    "padding": None,
    "added_tokens": [
        {"id": numbers[name], "content": name, "single_word": False, "lstrip": name == "[MASK]", "rstrip": False, "normalized": False, "special": True}
        for name in special
    ]
    + [{"id": len(numbers), "content": "New York", "single_word": True, "lstrip": False, "rstrip": True, "normalized": True, "special": False}],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [place("[CLS]", 0), place("A", 0), place("[SEP]", 0)],
        "pair": [place("[CLS]", 0), place("A", 0), place("[SEP]", 0), place("B", 1), place("[SEP]", 1)],
        "special_tokens": {name: {"id": name, "ids": [numbers[name]], "tokens": [name]} for name in ["[CLS]", "[SEP]"]},
    },
    "decoder": None,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": numbers},
}
config = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "vocab_size": len(numbers) + 1,
    "hidden_size": hidden,
    "num_hidden_layers": layers,
    "num_attention_heads": heads,
    "intermediate_size": inner,
    "max_position_embeddings": positions,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "max_seq_length": window,
}

weights = {}


def tensor(name, *shape, scale=0.3, around=0.0):
    weights[name] = (around + scale * generator.standard_normal(shape)).astype(np.float32)


def linear(name, outputs, inputs):
    tensor(f"{name}.weight", outputs, inputs)
    tensor(f"{name}.bias", outputs)


def norm(name):
    tensor(f"{name}.weight", hidden, around=1.0)
    tensor(f"{name}.bias", hidden)


tensor("bert.embeddings.word_embeddings.weight", config["vocab_size"], hidden)
tensor("bert.embeddings.position_embeddings.weight", positions, hidden)
tensor("bert.embeddings.token_type_embeddings.weight", 2, hidden)
weights["bert.embeddings.position_ids"] = np.arange(positions, dtype=np.int64)[None]
norm("bert.embeddings.LayerNorm")
for layer in range(layers):
    start = f"bert.encoder.layer.{layer}"
    for part in ["query", "key", "value"]:
        linear(f"{start}.attention.self.{part}", hidden, hidden)
    linear(f"{start}.attention.output.dense", hidden, hidden)
    norm(f"{start}.attention.output.LayerNorm")
    linear(f"{start}.intermediate.dense", inner, hidden)
    linear(f"{start}.output.dense", hidden, inner)
    norm(f"{start}.output.LayerNorm")
linear("bert.pooler.dense", hidden, hidden)
linear("classifier", 1, hidden)


here.mkdir(exist_ok=True)
save_file(weights, here / "model.safetensors")
(here / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=1) + "\n")
(here / "config.json").write_text(json.dumps(config, indent=1) + "\n")

model = BertForSequenceClassification(BertConfig(**config, num_labels=1)).double().eval()
loaded = model.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()}, strict=False)
assert not loaded.missing_keys, loaded
cut = Tokenizer.from_str(json.dumps(tokenizer))
cut.enable_truncation(window)
texts = [
    "",
    " \t ",
    "Deep learning models learn.",
    "The quick river, searched in New York  lightly?",
    "CAFÉ 模型 한국 [MASK] unknown☃",
    "the water of a small city " * 9,
]
pairs = [
    ["query", "The deep river's index"],
    ["", "text"],
    ["search the data rows " * 8, "small query"],
    ["a vector", "the large model learns " * 9],
    ["search the data rows " * 8, "the large model learns " * 9],
]
answers = {"texts": texts, "mean": [], "cls": [], "max": [], "pairs": pairs, "scores": []}


def inputs(encoding):
    ids = {"input_ids": encoding.ids, "token_type_ids": encoding.type_ids, "attention_mask": encoding.attention_mask}
    return {name: torch.tensor([values]) for name, values in ids.items()}


torch.set_grad_enabled(False)
for text in texts:
    x = model.bert(**inputs(cut.encode(text))).last_hidden_state[0].numpy()
    unit = x.mean(0)
    answers["mean"].append((unit / np.linalg.norm(unit)).round(7).tolist())
    answers["cls"].append(x[0].round(6).tolist())
    answers["max"].append(x.max(0).round(6).tolist())
for first, second in pairs:
    answers["scores"].append(round(model(**inputs(cut.encode(first, second))).logits.item(), 6))
(here / "answers.json").write_text(json.dumps(answers, ensure_ascii=False) + "\n")
