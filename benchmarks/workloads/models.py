"""Statistical models: a hierarchical log-density, a Gaussian process's quadratic form, a Hessian-vector product."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Workload

COUNTIES, HOUSES = 85, 919
SLOPES = slice(5, 5 + COUNTIES)
OFFSETS = slice(5 + COUNTIES, 5 + 2 * COUNTIES)


def radon_logp(xp: Any, q: Any, county: Any, floor: Any, radon: Any) -> Any:
    """Varying intercepts and slopes per county (non-centred), half-normal scales on a log axis; `q` joins them all."""
    mean_a, mean_b, log_a, log_b, log_y = q[0], q[1], q[2], q[3], q[4]
    intercept = mean_a + xp.exp(log_a) * q[SLOPES]
    slope = mean_b + xp.exp(log_b) * q[OFFSETS]
    error = (radon - intercept[county] - slope[county] * floor) * xp.exp(-log_y)
    scales = log_a + log_b + log_y - 0.5 * (xp.exp(2 * log_a) + xp.exp(2 * log_b) + xp.exp(2 * log_y))
    priors = -0.5 * (xp.sum(q[5:] ** 2) + mean_a**2 + mean_b**2) + scales
    return priors - 0.5 * xp.sum(error**2) - HOUSES * log_y


def radon_logp_numpy(q: Any, county: Any, floor: Any, radon: Any) -> Any:
    mean_a, mean_b, log_a, log_b, log_y = q[:5]
    scale_a, scale_b, scale_y = np.exp(q[2:5])
    intercept = mean_a + scale_a * q[SLOPES]
    slope = mean_b + scale_b * q[OFFSETS]
    error = (radon - intercept[county] - slope[county] * floor) / scale_y
    squares, rest = error @ error, q[5:]
    scales = log_a + log_b + log_y - 0.5 * (scale_a**2 + scale_b**2 + scale_y**2)
    value = -0.5 * (rest @ rest + mean_a**2 + mean_b**2) + scales - 0.5 * squares - HOUSES * log_y
    by_a = np.bincount(county, error, COUNTIES) / scale_y
    by_b = np.bincount(county, error * floor, COUNTIES) / scale_y
    gradient = np.empty_like(q)
    gradient[0] = by_a.sum() - mean_a
    gradient[1] = by_b.sum() - mean_b
    gradient[2] = scale_a * (by_a @ q[SLOPES]) + 1 - scale_a**2
    gradient[3] = scale_b * (by_b @ q[OFFSETS]) + 1 - scale_b**2
    gradient[4] = squares - HOUSES + 1 - scale_y**2
    gradient[SLOPES] = scale_a * by_a - q[SLOPES]
    gradient[OFFSETS] = scale_b * by_b - q[OFFSETS]
    return value, gradient


def radon_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    county = np.sort(random.integers(0, COUNTIES, HOUSES))
    floor = random.integers(0, 2, HOUSES).astype("float64")
    return 0.3 * random.standard_normal(5 + 2 * COUNTIES), county, floor, 1 + random.standard_normal(HOUSES)


def gp_quadratic(xp: Any, log_scale: Any, log_length: Any, log_noise: Any, points: Any, alpha: Any) -> Any:
    """alpha' K alpha with the squared-exponential kernel, whose gradient a marginal likelihood needs."""
    squares = xp.sum(points * points, axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * (points @ points.T)
    kernel = xp.exp(2 * log_scale) * xp.exp(-0.5 * distance * xp.exp(-2 * log_length))
    return xp.dot(alpha, kernel @ alpha) + xp.exp(2 * log_noise) * xp.dot(alpha, alpha)


def gp_quadratic_numpy(log_scale: Any, log_length: Any, log_noise: Any, points: Any, alpha: Any) -> Any:
    squares = (points * points).sum(axis=1)
    distance = points @ points.T
    distance *= -2
    distance += squares
    distance += squares[:, None]
    distance *= -0.5 * np.exp(-2 * log_length)
    kernel = np.exp(distance)
    signal = np.exp(2 * log_scale) * (alpha @ (kernel @ alpha))
    noise = np.exp(2 * log_noise) * (alpha @ alpha)
    kernel *= distance
    by_length = -2 * np.exp(2 * log_scale) * (alpha @ (kernel @ alpha))
    return signal + noise, 2 * signal, by_length, 2 * noise


def gp_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    scalars = (np.array(value) for value in (0.1, -0.3, -1.0))
    return *scalars, random.standard_normal((500, 3)), random.standard_normal(500)


def hvp(xp: Any, w: Any, samples: Any, targets: Any, vector: Any) -> Any:
    return xp.binary_cross_entropy(samples @ w, targets)


def hvp_numpy(w: Any, samples: Any, targets: Any, vector: Any) -> Any:
    p = 1 / (1 + np.exp(-(samples @ w)))
    return (p * (1 - p) * (samples @ vector) / len(p)) @ samples


def hvp_inputs(random: np.random.Generator) -> tuple[np.ndarray, ...]:
    samples, targets = random.standard_normal((400, 50)), random.integers(0, 2, 400).astype("float64")
    return random.standard_normal(50), samples, targets, random.standard_normal(50)


WORKLOADS = [
    Workload("radon_logp:f64", radon_inputs, radon_logp, radon_logp_numpy, kind="value_and_gradient", parameters=1),
    Workload(
        "gp_quadratic[500]:f64",
        gp_inputs,
        gp_quadratic,
        gp_quadratic_numpy,
        kind="value_and_gradient",
        parameters=3,
    ),
    Workload("hvp:f64", hvp_inputs, hvp, hvp_numpy, kind="hessian_vector_product", parameters=1),
]
