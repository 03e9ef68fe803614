"""Two models learn to read handwritten digits: a logistic regression, then a multi-layer perceptron.

Run it with `hatch run demo`. The data are scikit-learn's 1,797 scanned digits of 8 x 8 pixels; a fifth is
kept back, and accuracy is counted on that. Nothing here is special to these data or these models: an
expression for the scores, one line for the cost, one for its gradient, one for the training step.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import perf_counter

import matplotlib
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import bitale as bt
import bitale.tensor as T

matplotlib.use("Agg")  # draws into a file; needs no screen
import matplotlib.pyplot as plt

PIXELS, HIDDEN, DIGITS = 64, 256, 10
EPOCHS, BATCH = 40, 32
PICTURE = Path(__file__).parent / "output" / "digits.png"

rng = np.random.default_rng(0)


def load():
    """Training images, held-out images, training digits, held-out digits; pixels lie between -1 and 1."""
    images, digits = load_digits(return_X_y=True)
    images = (images / 8 - 1).astype("float32")
    return train_test_split(images, digits, test_size=0.2, random_state=1, stratify=digits)


def dense(x, inputs, outputs, name):
    """A layer, `x @ weight + bias`, and its parameters.

    Parameters are shared variables: they keep their values between calls. Their names reappear in the C code.
    """
    weight = rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype("float32")
    weight = bt.shared(weight, name=f"{name}_weight")
    bias = bt.shared(np.zeros(outputs, "float32"), name=f"{name}_bias")
    return x @ weight + bias, [weight, bias]


def logistic_regression(x):
    """A model is an expression: images in, one score per digit out."""
    return dense(x, PIXELS, DIGITS, "scores")


def perceptron(x):
    """The same with a hidden layer in between."""
    hidden, first = dense(x, PIXELS, HIDDEN, "hidden")
    scores, second = dense(T.relu(hidden), HIDDEN, DIGITS, "scores")
    return scores, first + second


def momentum_sgd(cost, parameters, rate=0.05, momentum=0.9):
    """An optimiser is expressions as well: what each shared variable becomes after a step."""
    updates = {}
    for parameter, gradient in zip(parameters, bt.grad(cost, parameters), strict=True):
        velocity = bt.shared(np.zeros_like(parameter.get_value()), name=f"{parameter.name}_velocity")
        updates[velocity] = momentum * velocity - rate * gradient
        updates[parameter] = parameter + updates[velocity]
    return updates


def build(model):
    """Compile a model: a training step (forward, backward, update in one C function) and a classifier."""
    x, digit = T.fmatrix("x"), T.lvector("digit")
    scores, parameters = model(x)
    log_likelihood = T.log_softmax(scores, axis=-1)[T.arange(digit.shape[0]), digit]
    cost = -T.mean(log_likelihood) + 1e-4 * sum(T.sum(parameter**2) for parameter in parameters)
    train = bt.function([x, digit], cost, updates=momentum_sgd(cost, parameters), name="train")
    classify = bt.function([x], T.argmax(scores, axis=-1), name="classify")
    return train, classify


def fit(train, classify, data, show):
    """Train epoch by epoch; the training cost, the held-out accuracy and the seconds of each."""
    images, held_out_images, digits, held_out_digits = data
    history = []
    for _ in range(EPOCHS):
        batches = np.array_split(rng.permutation(len(images)), len(images) // BATCH)
        began = perf_counter()
        cost = np.mean([train(images[batch], digits[batch]) for batch in batches])
        seconds = perf_counter() - began
        accuracy = np.mean(classify(held_out_images) == held_out_digits)
        history.append((cost, accuracy, seconds))
        show(advance=1, accuracy=accuracy, milliseconds=1e3 * seconds)
    return np.array(history).T


def draw(histories):
    """One picture of all models: how the cost falls and the accuracy rises."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    epochs = range(1, EPOCHS + 1)
    for name, (costs, accuracies, _) in histories.items():
        left.semilogy(epochs, costs, label=name)
        right.plot(epochs, 100 * accuracies, label=name)
    left.set(title="training cost", xlabel="epoch")
    right.set(title="accuracy on held-out digits, %", xlabel="epoch", ylim=(90, 100))
    right.legend(loc="lower right")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=150)


def main():
    """Train both models, then print a table and draw the curves."""
    data, histories = load(), {}
    console = Console()
    console.print(f"{len(data[0])} digits to learn from, {len(data[1])} held out")
    table = Table("model", "built in", "an epoch takes", "accuracy on held-out digits")
    text = "epochs, {task.fields[milliseconds]:.1f} ms each, accuracy {task.fields[accuracy]:.1%}"
    columns = TextColumn("{task.description:19}"), BarColumn(), MofNCompleteColumn(), TextColumn(text)
    with Progress(*columns, console=console) as progress:
        for model in (logistic_regression, perceptron):
            name = model.__name__.replace("_", " ")
            task = progress.add_task(name, total=EPOCHS, accuracy=0.0, milliseconds=0.0)
            began = perf_counter()
            train, classify = build(model)
            built = perf_counter() - began
            histories[name] = fit(train, classify, data, partial(progress.update, task))
            _, accuracies, seconds = histories[name]
            epoch = 1e3 * np.median(seconds)
            table.add_row(name, f"{built:.2f} s", f"{epoch:.1f} ms", f"{accuracies[-1]:.1%}")
    draw(histories)
    console.print(table)
    console.print(f"learning curves    {PICTURE}", soft_wrap=True)
    console.print(f"the training step  {train.path}", soft_wrap=True)


if __name__ == "__main__":
    main()
