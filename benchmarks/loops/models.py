"""Models: training steps change their parameters in place and return the loss."""

from __future__ import annotations

from math import exp, log1p

import numpy as np
from numba import prange

from benchmarks.loops import loop, short
from benchmarks.workload import LEARNING_RATE
from benchmarks.workloads.models import COUNTIES, HOUSES
from benchmarks.workloads.networks import PENALTY


@short
def logreg_train(w, b, samples, targets):
    count, width = samples.shape
    gradient = np.zeros_like(w)
    loss = bias = w.dtype.type(0)
    for i in range(count):
        z = b[()]
        for j in range(width):
            z += samples[i, j] * w[j]
        small = exp(-abs(z))
        loss += max(z, w.dtype.type(0)) + log1p(small) - targets[i] * z
        p = (w.dtype.type(1) if z >= 0 else small) / (w.dtype.type(1) + small)
        error = p - targets[i]
        bias += error
        for j in range(width):
            gradient[j] += error * samples[i, j]
    rate, decay = w.dtype.type(LEARNING_RATE / count), w.dtype.type(1 - 2 * LEARNING_RATE * PENALTY)
    squares = w.dtype.type(0)
    for j in range(width):
        squares += w[j] * w[j]
        w[j] = w[j] * decay - rate * gradient[j]
    b[()] -= rate * bias
    return loss / count + PENALTY * squares


@short
def embed_sgd(table, words, targets):
    size, width = targets.shape
    error, loss = np.empty_like(targets), 0.0
    for i in range(size):
        squares = table.dtype.type(0)
        for j in range(width):
            error[i, j] = table[words[i], j] - targets[i, j]
            squares += error[i, j] * error[i, j]
        loss += squares
    for i in range(size):
        for j in range(width):
            table[words[i], j] -= np.float32(LEARNING_RATE) * error[i, j]
    return 0.5 * loss


@short
def radon_logp(q, county, floor, radon):
    mean_a, mean_b, log_a, log_b, log_y = q[0], q[1], q[2], q[3], q[4]
    scale_a, scale_b, scale_y = exp(log_a), exp(log_b), exp(log_y)
    precision = 1 / scale_y
    gradient = np.zeros_like(q)
    squares = 0.0
    for i in range(county.size):
        a, b = 5 + county[i], 5 + COUNTIES + county[i]
        error = (radon[i] - mean_a - scale_a * q[a] - (mean_b + scale_b * q[b]) * floor[i]) * precision
        squares += error * error
        gradient[a] += error
        gradient[b] += error * floor[i]
    sum_a = sum_b = product_a = product_b = rest = 0.0
    for i in range(5, 5 + COUNTIES):
        by_a, by_b = gradient[i] * precision, gradient[i + COUNTIES] * precision
        sum_a += by_a
        sum_b += by_b
        product_a += by_a * q[i]
        product_b += by_b * q[i + COUNTIES]
        rest += q[i] * q[i] + q[i + COUNTIES] * q[i + COUNTIES]
        gradient[i] = scale_a * by_a - q[i]
        gradient[i + COUNTIES] = scale_b * by_b - q[i + COUNTIES]
    gradient[0], gradient[1] = sum_a - mean_a, sum_b - mean_b
    gradient[2] = scale_a * product_a + 1 - scale_a * scale_a
    gradient[3] = scale_b * product_b + 1 - scale_b * scale_b
    gradient[4] = squares - HOUSES + 1 - scale_y * scale_y
    scales = log_a + log_b + log_y - 0.5 * (scale_a * scale_a + scale_b * scale_b + scale_y * scale_y)
    value = -0.5 * (rest + mean_a * mean_a + mean_b * mean_b) + scales - 0.5 * squares - HOUSES * log_y
    return value, gradient


@loop
def gp_quadratic(log_scale, log_length, log_noise, points, alpha):
    count, width = points.shape
    factor = -0.5 * exp(-2 * log_length)
    signal = by_length = norm = 0.0
    for i in prange(count):
        for j in range(count):
            distance = 0.0
            for k in range(width):
                distance += (points[i, k] - points[j, k]) ** 2
            scaled = factor * distance
            term = alpha[i] * alpha[j] * exp(scaled)
            signal += term
            by_length += term * scaled
        norm += alpha[i] * alpha[i]
    scale, noise = exp(2 * log_scale), exp(2 * log_noise) * norm
    return scale * signal + noise, 2 * scale * signal, -2 * scale * by_length, 2 * noise


@short
def hvp(w, samples, targets, vector):
    count, width = samples.shape
    result = np.zeros_like(w)
    for i in range(count):
        z = along = 0.0
        for j in range(width):
            z += samples[i, j] * w[j]
            along += samples[i, j] * vector[j]
        p = 1 / (1 + exp(-z))
        factor = p * (1 - p) * along / count
        for j in range(width):
            result[j] += factor * samples[i, j]
    return result
