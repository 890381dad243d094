"""Makes Tests/Fixtures/estimators/tsne_*.txt: similarities and divergence by scikit-learn 1.x.

Run: python generate_tsne.py   (writes beside itself; NumPy, SciPy and scikit-learn needed)
scikit-learn keeps squared distances in Float and ends its bisection at 1e-5 nats.
"""
import pathlib
import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_iris
from sklearn.manifold import _t_sne

here = pathlib.Path(__file__).parent / "estimators"


def write(name, array):
    rows = np.asarray(array, float).reshape(len(array), -1)
    (here / name).write_text("\n".join(" ".join(repr(v.item()) for v in r) for r in rows) + "\n")


X = load_iris().data[::5]
P = squareform(_t_sne._joint_probabilities(squareform(pdist(X, "sqeuclidean")), 5, 0))
write("tsne_similarities.txt", P)
Y = X[:, :2] - X[:, :2].mean(0)
C, G = _t_sne._kl_divergence(Y.ravel(), squareform(P, checks=False), 1, len(X), 2)
write("tsne_divergence.txt", [[C]])
write("tsne_gradient.txt", G.reshape(-1, 2))
