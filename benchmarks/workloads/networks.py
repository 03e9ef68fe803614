"""A multi-layer perceptron and logistic regression: the forward pass and a step of gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import DTYPES, LEARNING_RATE, Workload
from benchmarks.workloads.inputs import Maker

PIXELS, HIDDEN, CLASSES = 784, 500, 10
PENALTY = 0.01


def logits(xp: Any, images: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return xp.tanh(images @ w1 + b1) @ w2 + b2


def mlp_fwd(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, images: Any) -> Any:
    return xp.softmax(logits(xp, images, w1, b1, w2, b2), axis=1)


def mlp_train(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, images: Any, labels: Any) -> Any:
    return xp.cross_entropy(logits(xp, images, w1, b1, w2, b2), labels)


def mlp_train_numpy(w1: Any, b1: Any, w2: Any, b2: Any, images: Any, labels: Any) -> Any:
    size = len(images)
    hidden = images @ w1
    hidden += b1
    np.tanh(hidden, out=hidden)
    error = hidden @ w2
    error += b2
    error -= error.max(axis=1, keepdims=True)
    chosen = error[np.arange(size), labels]
    np.exp(error, out=error)
    sums = error.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - chosen).mean()
    error /= sums
    error[np.arange(size), labels] -= 1
    error *= LEARNING_RATE / size
    back = error @ w2.T
    back *= 1 - hidden * hidden
    w2 -= hidden.T @ error
    b2 -= error.sum(axis=0)
    w1 -= images.T @ back
    b1 -= back.sum(axis=0)
    return loss


def logreg_train(xp: Any, w: Any, b: Any, samples: Any, targets: Any) -> Any:
    return xp.binary_cross_entropy(samples @ w + b, targets) + PENALTY * xp.sum(w**2)


def logreg_train_numpy(w: Any, b: Any, samples: Any, targets: Any) -> Any:
    z = samples @ w + b
    loss = (np.logaddexp(0, z) - targets * z).mean() + PENALTY * (w @ w)
    error = 1 / (1 + np.exp(-z)) - targets
    error *= LEARNING_RATE / len(z)
    w *= 1 - 2 * LEARNING_RATE * PENALTY
    w -= error @ samples
    b -= error.sum()
    return loss


def perceptron(batch: int, tag: str, labelled: bool) -> Maker:
    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        dtype = DTYPES[tag]
        w1 = random.uniform(-0.07, 0.07, (PIXELS, HIDDEN)).astype(dtype)
        w2 = random.uniform(-0.1, 0.1, (HIDDEN, CLASSES)).astype(dtype)
        b1, b2 = np.zeros(HIDDEN, dtype), np.zeros(CLASSES, dtype)
        images = random.random((batch, PIXELS)).astype(dtype)
        labels = random.integers(0, CLASSES, batch)
        return (w1, b1, w2, b2, images, labels) if labelled else (w1, b1, w2, b2, images)

    return inputs


def samples(count: int, tag: str) -> Maker:
    def inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
        dtype = DTYPES[tag]
        features = random.standard_normal((count, PIXELS)).astype(dtype)
        targets = random.integers(0, 2, count).astype(dtype)
        return (0.01 * random.standard_normal(PIXELS)).astype(dtype), np.zeros((), dtype), features, targets

    return inputs


WORKLOADS = [
    *(Workload(f"mlp_fwd[{batch}]:f32", perceptron(batch, "f32", labelled=False), mlp_fwd) for batch in (1, 60, 600)),
    *(
        Workload(
            f"mlp_train[{batch}]:{tag}",
            perceptron(batch, tag, labelled=True),
            mlp_train,
            mlp_train_numpy,
            kind="train",
            parameters=4,
        )
        for batch, tag in ((1, "f32"), (60, "f32"), (600, "f32"), (600, "f64"))
    ),
    *(
        Workload(
            f"logreg_train[{count}]:{tag}",
            samples(count, tag),
            logreg_train,
            logreg_train_numpy,
            kind="train",
            parameters=2,
        )
        for count, tag in ((10, "f32"), (400, "f32"), (400, "f64"), (10000, "f32"))
    ),
]
