"""The volatility of returns: a GARCH(1,1) model fitted by maximum likelihood.

Run it with `hatch run python examples/garch.py`. The variance of a day is that of the day before, what the return of
that day adds to it, and a constant (Bollerslev 1986): h[t] = omega + alpha r[t-1]^2 + beta h[t-1]. The returns are
simulated, so that the fit can be compared with the truth. Likelihood and gradient, through all 5,000 days, are one
function in C; SciPy's L-BFGS looks for the maximum.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy.optimize import minimize

import bitale as bt
import bitale.tensor as T

DAYS = 5_000
TRUTH = {"omega": 0.1, "alpha": 0.15, "beta": 0.8}


def simulate(rng: np.random.Generator) -> np.ndarray:
    """Returns of a process whose parameters are TRUTH."""
    omega, alpha, beta = TRUTH.values()
    returns, variance = np.empty(DAYS), omega / (1 - alpha - beta)
    for day in range(DAYS):
        returns[day] = np.sqrt(variance) * rng.normal()
        variance = omega + alpha * returns[day] ** 2 + beta * variance
    return returns


def likelihood():
    """Compile the mean negative log-likelihood and its gradient, as functions of unbounded parameters and returns."""
    free, returns = T.dvector("free"), T.dvector("returns")
    omega, alpha, beta = parameters(free)
    first = T.mean(returns**2)
    variances, _ = bt.scan(
        lambda r, h: omega + alpha * r**2 + beta * h, sequences=returns[:-1], outputs_info=first, name="variance"
    )
    h = T.concatenate([first[None], variances])
    cost = T.mean(T.log(h) + returns**2 / h) / 2
    return bt.function([free, returns], [cost, bt.grad(cost, free)], name="garch")


def parameters(free):
    """omega > 0, and alpha, beta > 0 with alpha + beta < 1, of three unbounded numbers. Variables or arrays."""
    shares = np.exp(free[1]), np.exp(free[2])
    whole = 1 + shares[0] + shares[1]
    return np.exp(free[0]), shares[0] / whole, shares[1] / whole


def main():
    """Simulate, fit, and compare what was found with the truth."""
    console, returns = Console(), simulate(np.random.default_rng(1))
    began = perf_counter()
    cost = likelihood()
    console.print(f"built in {perf_counter() - began:.2f} s")
    with Progress(console=console) as progress:
        task = progress.add_task("climbing the likelihood", total=None)
        began = perf_counter()
        found = minimize(lambda free: cost(free, returns), np.zeros(3), jac=True, method="L-BFGS-B",
                         callback=lambda _: progress.advance(task))
        seconds = perf_counter() - began
        progress.update(task, total=found.nit, completed=found.nit)
    table = Table("parameter", "simulated with", "found")
    for (name, truth), value in zip(TRUTH.items(), parameters(found.x), strict=True):
        table.add_row(name, f"{truth:.3f}", f"{value:.3f}")
    console.print(table)
    console.print(f"{found.nfev} likelihoods and gradients took {1e3 * seconds:.1f} ms")
    console.print(f"the function's C   {cost.path}", soft_wrap=True)


if __name__ == "__main__":
    main()
