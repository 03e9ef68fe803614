"""An LSTM learns to write like the texts of Python's help(), character by character.

Run it with `hatch run lstm`, or for another number of epochs `hatch run lstm 3`. The network (Hochreiter and
Schmidhuber 1997) reads 32 places of the text at once; its training step goes forward and back through 64 characters in
one C function. Another function writes: a loop in which each character is drawn and then read.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import bitale as bt
import bitale.tensor as T

UNITS, BATCH, STEPS = 128, 32, 64
TEMPERATURE = 0.7  # of what is written: below 1, likely characters become likelier
HERE = Path(__file__).parent
PICTURE = HERE / "output" / "lstm.png"


def load():
    """The texts of help(), which come with Python; Bitale's documents where they are left out."""
    try:
        return "\n\n".join(import_module("pydoc_data.topics").topics.values())
    except ImportError:
        return "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.parent.glob("**/*.md")))


def parameters(letters, rng):
    """Shared variables: what a letter adds to the gates, what the state does, and the scores of the next letter."""
    shapes = {"read": (letters, 4 * UNITS), "recur": (UNITS, 4 * UNITS), "score": (UNITS, letters)}
    values = {name: rng.normal(0, UNITS**-0.5, shape) for name, shape in shapes.items()}
    values["gate_bias"] = np.repeat([0.0, 1.0, 0.0, 0.0], UNITS)  # at first nothing is forgotten
    values["score_bias"] = np.zeros(letters)
    return {name: bt.shared(value.astype("float32"), name=name) for name, value in values.items()}


def step(letter, state, cell, p):
    """One character further: the new state and the new memory cell."""
    gates = p["read"][letter] + state @ p["recur"] + p["gate_bias"]
    enter, keep, new, leave = (gates[..., k * UNITS : (k + 1) * UNITS] for k in range(4))
    cell = T.sigmoid(keep) * cell + T.sigmoid(enter) * T.tanh(new)
    return T.sigmoid(leave) * T.tanh(cell), cell


def trainer(p):
    """One step of training on letters [time, batch] and those that follow them; the state goes on from call to call."""
    letters, following = T.lmatrix("letters"), T.lmatrix("following")
    start = [bt.shared(np.zeros((BATCH, UNITS), "float32"), name=name) for name in ("state", "cell")]
    (states, cells), _ = bt.scan(lambda *args: step(*args, p), sequences=letters, outputs_info=start, name="lstm")
    scores = states @ p["score"] + p["score_bias"]
    loss = T.mean(T.categorical_crossentropy(T.softmax(scores, axis=-1), following))
    updates = adam(loss, list(p.values())) | dict(zip(start, (states[-1], cells[-1]), strict=True))
    return bt.function([letters, following], loss, updates=updates, name="train"), start


def adam(loss, weights, rate=0.008, first=0.9, second=0.99):
    """Kingma and Ba (2015), with gradients of a length of at most 1."""
    gradients = bt.grad(loss, weights)
    shrink = 1 / T.maximum(1, T.sqrt(sum(T.sum(g**2) for g in gradients)))
    time = bt.shared(np.float32(0), name="time")
    updates = {time: time + 1}
    for w, g in zip(weights, gradients, strict=True):
        mean, square = (bt.shared(np.zeros_like(w.get_value()), name=f"{w.name}_{k}") for k in ("mean", "square"))
        updates[mean] = first * mean + (1 - first) * shrink * g
        updates[square] = second * square + (1 - second) * (shrink * g) ** 2
        unbiased = updates[mean] / (1 - first ** updates[time]), updates[square] / (1 - second ** updates[time])
        updates[w] = w - rate * unbiased[0] / (T.sqrt(unbiased[1]) + 1e-8)
    return updates


def writer(p, seed=1):
    """A function that continues a text by n characters, each drawn from what the network expects."""
    prompt, n = T.lvector("prompt"), T.lscalar("n")
    rng, nothing = bt.RandomStream(seed), T.zeros(UNITS, "float32")

    def write(letter, state, cell):
        state, cell = step(letter, state, cell, p)
        scores = state @ p["score"] + p["score_bias"]
        return rng.categorical(logits=scores / TEMPERATURE), state, cell

    (states, cells), _ = bt.scan(lambda *args: step(*args, p), prompt[:-1], [nothing, nothing], name="read_prompt")
    (letters, _, _), updates = bt.scan(write, outputs_info=[prompt[-1], states[-1], cells[-1]], n_steps=n)
    return bt.function([prompt, n], letters, updates=updates, name="write")


def fit(train, start, codes, epochs, show):
    """Read the text `epochs` times; the mean loss of each, in nats per character."""
    length = (len(codes) - 1) // BATCH
    columns = codes[: length * BATCH].reshape(BATCH, length).T, codes[1 : length * BATCH + 1].reshape(BATCH, length).T
    losses = []
    for epoch in range(1, epochs + 1):
        for state in start:
            state.set_value(np.zeros((BATCH, UNITS), "float32"))
        pieces = range(0, length - STEPS, STEPS)
        found = []
        for at in pieces:
            found.append(train(*(c[at : at + STEPS] for c in columns)))
            show(advance=1 / len(pieces), epoch=epoch, loss=np.mean(found[-100:]))
        losses.append(float(np.mean(found)))
    return losses


def draw(losses):
    """How the loss falls, in a picture."""
    import matplotlib

    matplotlib.use("Agg")  # draws into a file; needs no screen
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(range(1, len(losses) + 1), losses, marker="o")
    axes.set(title="LSTM on the texts of help()", xlabel="epoch", ylabel="loss, nats per character")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=150)


def main(epochs=8):
    """Train, then write."""
    console, text = Console(), load()
    alphabet = sorted(set(text))
    codes = np.searchsorted(alphabet, list(text))
    console.print(f"{len(text):,} characters, {len(alphabet)} different ones")
    began = perf_counter()
    p = parameters(len(alphabet), np.random.default_rng(0))
    (train, start), write = trainer(p), writer(p)
    console.print(f"built in {perf_counter() - began:.2f} s")
    shown = TextColumn("epoch {task.fields[epoch]}, loss {task.fields[loss]:.3f}")
    with Progress(TextColumn("reading"), BarColumn(), shown, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("", total=epochs, epoch=1, loss=np.log(len(alphabet)))
        losses = fit(train, start, codes, epochs, lambda **now: progress.update(task, **now))
    console.print("loss by epoch     ", " ".join(f"{loss:.3f}" for loss in losses))
    if find_spec("matplotlib"):
        draw(losses)
        console.print(f"learning curve      {PICTURE}", soft_wrap=True)
    console.print(f"the training step   {train.path}", soft_wrap=True)
    prompt = "A function call "
    written = write(np.searchsorted(alphabet, list(prompt)), 600)
    console.rule("and so it writes")
    console.print(prompt + "".join(alphabet[k] for k in written), markup=False, highlight=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
