"""Makes Tests/Fixtures/estimators: k-means, scores and silhouettes by scikit-learn 1.x.

Run: python generate_estimators.py   (writes beside itself; NumPy and scikit-learn needed)
Numbers are text, one value or row a line, so that the tests need no reader.
"""
import pathlib
import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import (
    accuracy_score, adjusted_rand_score, calinski_harabasz_score, confusion_matrix,
    f1_score, precision_score, recall_score, silhouette_samples)

here = pathlib.Path(__file__).parent / "estimators"
here.mkdir(exist_ok=True)


def write(name, array):
    array = np.asarray(array)
    rows = array.reshape(len(array), -1)
    (here / name).write_text("\n".join(" ".join(repr(v.item()) for v in r) for r in rows) + "\n")


X = load_iris().data
write("iris.txt", X)
write("iris_classes.txt", load_iris().target)
lines = []
for k in range(1, 9):
    m = KMeans(k, n_init=500, tol=0, random_state=0, algorithm="lloyd").fit(X)
    ch = calinski_harabasz_score(X, m.labels_) if k > 1 else 0.0
    lines.append([k, m.inertia_, ch])
    if k == 3:
        write("iris_labels3.txt", m.labels_)
        write("iris_centres3.txt", m.cluster_centers_)
        write("iris_silhouette3.txt", silhouette_samples(X, m.labels_))
write("iris_inertia.txt", lines)

# Lloyd from the first samples as centres: no randomness at all.
m = KMeans(5, init=X[[0, 20, 60, 100, 140]], n_init=1, tol=0, algorithm="lloyd").fit(X)
write("iris_given5.txt", m.labels_)

rng = np.random.default_rng(2026)
truth = rng.integers(0, 5, 200)
predicted = np.where(rng.random(200) < 0.7, truth, rng.integers(0, 5, 200))
write("classes_true.txt", truth)
write("classes_predicted.txt", predicted)
write("classes_confusion.txt", confusion_matrix(truth, predicted))
write("classes_scores.txt", [
    [accuracy_score(truth, predicted), adjusted_rand_score(truth, predicted)],
    [precision_score(truth, predicted, average="macro"),
     recall_score(truth, predicted, average="macro")],
])
write("classes_prf.txt", np.stack([
    precision_score(truth, predicted, average=None), recall_score(truth, predicted, average=None),
    f1_score(truth, predicted, average=None)], axis=1))
(here / "VERSION").write_text(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}\n")
