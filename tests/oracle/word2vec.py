"""How much the neighbours of frequent words agree: gensim's of two seeds with each other, and assay's with gensim's.

    psql -c "COPY (SELECT string_agg(word, ' ') ...) TO STDOUT" > sentences        # a sentence a line
    psql -At -F ' ' -c "SELECT word, array_to_string(vector, ' ') FROM assay.vocabulary('m')" > vectors
    python3 word2vec.py sentences vectors '{"sg": 1}'

Both learn from sentences as they come: give assay the same order. Of Plato's Republic, sentences as in its file, 10 neighbours of the 200 most
frequent words, gensim 4.4's two seeds and assay's with them: CBOW .40, .40 to .42; 20 epochs .65, .65 to .66; skip-gram .55, .53 to .55. With
hierarchical softmax .42 and .53, and assay .35 and .44: words of equal counts stand in another order in the tree; gensim with itself, when they
do, .36 and .48.
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
