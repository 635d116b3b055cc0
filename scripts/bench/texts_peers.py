"""Vectors of sentences by sentence-transformers on one thread, and vectors of words by gensim on two. Started by bench.py with the postmaster's process id.

Without sentence-transformers, whose torch takes gigabytes, that task answers nothing (run.sh says how to have it)."""

import os

import gensim
import psycopg
from gensim.models import Word2Vec

from serve import THREADS, serve

versions = {"gensim": gensim.__version__}
try:
    import sentence_transformers
    import torch
    from sentence_transformers import SentenceTransformer, models

    versions |= {"sentence-transformers": sentence_transformers.__version__, "torch": torch.__version__}
except ImportError:
    torch = None

SENTENCES = 2_000
# What is measured without reading.
kept = {}


def sentences(table):
    with psycopg.connect("") as connection:
        return [row[0] for row in connection.execute(f"SELECT words FROM {table} ORDER BY id")]


def before_embed(table):
    if torch and "encoder" not in kept:
        torch.set_num_threads(1)
        transformer = models.Transformer(os.environ["MINILM"], max_seq_length=256)
        kept["encoder"] = SentenceTransformer(modules=[transformer, models.Pooling(transformer.get_word_embedding_dimension()), models.Normalize()], device="cpu")
        kept["sentences"] = sentences(table)[:SENTENCES]
        kept["encoder"].encode(kept["sentences"][:64])


def embed(_stages, _table):
    if not torch:
        return lambda: None
    vectors = kept["encoder"].encode(kept["sentences"])
    return lambda: len(vectors)


def word2vec(stages, table, **options):
    read = [sentence.split(" ") for sentence in sentences(table)]
    stages.end("fetch")
    Word2Vec(read, workers=THREADS, seed=1, **options)
    stages.end("train")


def word2vec_cbow(stages, table):
    word2vec(stages, table)


def word2vec_skip_gram(stages, table):
    word2vec(stages, table, sg=1)


def word2vec_cbow_hs(stages, table):
    word2vec(stages, table, hs=1, negative=0)


def word2vec_skip_gram_hs(stages, table):
    word2vec(stages, table, sg=1, hs=1, negative=0)


serve(globals(), versions)
