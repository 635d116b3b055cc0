"""How much the neighbours of frequent words agree: gensim's of two seeds with each other, and assay's with gensim's.

    psql -c "COPY (SELECT string_agg(word, ' ') ...) TO STDOUT" > sentences        # a sentence a line
    psql -At -F ' ' -c "SELECT word, array_to_string(vector, ' ') FROM assay.vocabulary('m')" > vectors
    python3 word2vec.py sentences vectors '{"sg": 1}'

gensim 4.4, which learns from sentences as they come: give assay "shuffle": 0 and the same order, or gensim shuffled sentences. On 444,468 words
(Cranfield and Plato's Republic) and 10 neighbours of the 200 most frequent words, CBOW: gensim with gensim .628 to .636, assay with gensim on
shuffled sentences .624 and .644; gensim on sentences as they come with gensim on shuffled ones .520.
"""

import json
import sys

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

SENTENCES, VECTORS, OPTIONS = sys.argv[1:4]
FREQUENT, NEAR = 200, 10

sentences = [line.split() for line in open(SENTENCES)]
first, second = (Word2Vec(sentences, seed=seed, workers=2, **json.loads(OPTIONS)).wv for seed in (1, 2))
rows = [line.split() for line in open(VECTORS)]
ours = KeyedVectors(len(rows[0]) - 1)
ours.add_vectors([row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32))


def near(vectors):
    return {word: {other for other, _ in vectors.most_similar(word, topn=NEAR)} for word in first.index_to_key[:FREQUENT]}


def agreement(left, right):
    return np.mean([len(left[word] & right[word]) / NEAR for word in left])


first, second, ours = near(first), near(second), near(ours)
print(f"gensim with gensim {agreement(first, second):.3f}")
print(f"assay with gensim {agreement(ours, first):.3f} {agreement(ours, second):.3f}")
