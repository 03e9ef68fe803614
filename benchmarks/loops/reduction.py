"""Reducing loops: rows are walked in memory order, and a row is scratch, never a full temporary."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numba import prange

from benchmarks.loops import loop, short


@loop
def sum_all(x):
    result = x.dtype.type(0)
    for i in prange(x.size):
        result += x[i]
    return result


@short
def sum_ax0(x):
    result = np.zeros(x.shape[1], x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            result[j] += x[i, j]
    return result


@loop
def sum_ax1(x):
    result = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        result[i] = total
    return result


@short
def max_ax0(x):
    result = x[0].copy()
    for i in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            result[j] = max(result[j], x[i, j])
    return result


@loop
def max_ax1(x):
    result = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(1, x.shape[1]):
            largest = max(largest, x[i, j])
        result[i] = largest
    return result


@loop
def sqdist(x, y):
    result = x.dtype.type(0)
    for i in prange(x.size):
        result += (x[i] - y[i]) * (x[i] - y[i])
    return result


@short
def meanvar_ax0(x):
    count = x.dtype.type(x.shape[0])
    mean, variance = np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            mean[j] += x[i, j]
    mean /= count
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            variance[j] += (x[i, j] - mean[j]) * (x[i, j] - mean[j])
    variance /= count
    return mean, variance


@loop
def meanvar_ax1(x):
    count = x.dtype.type(x.shape[1])
    means, variances = np.empty(x.shape[0], x.dtype), np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        total = squares = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        mean = total / count
        for j in range(x.shape[1]):
            squares += (x[i, j] - mean) * (x[i, j] - mean)
        means[i], variances[i] = mean, squares / count
    return means, variances


@loop
def meanvar_all(x):
    flat = x.ravel()
    total = squares = x.dtype.type(0)
    for i in prange(flat.size):
        total += flat[i]
    mean = total / x.dtype.type(flat.size)
    for i in prange(flat.size):
        squares += (flat[i] - mean) * (flat[i] - mean)
    return mean, squares / x.dtype.type(flat.size)


@loop
def logsumexp(x):
    result = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        largest, total = x[i, 0], x.dtype.type(0)
        for j in range(1, x.shape[1]):
            largest = max(largest, x[i, j])
        for j in range(x.shape[1]):
            total += exp(x[i, j] - largest)
        result[i] = log(total) + largest
    return result


@loop
def softmax(x):
    result = np.empty_like(x)
    for i in prange(x.shape[0]):
        largest, total = x[i, 0], x.dtype.type(0)
        for j in range(1, x.shape[1]):
            largest = max(largest, x[i, j])
        for j in range(x.shape[1]):
            result[i, j] = exp(x[i, j] - largest)
            total += result[i, j]
        factor = x.dtype.type(1) / total
        for j in range(x.shape[1]):
            result[i, j] *= factor
    return result


@loop
def layernorm(x, scale, shift):
    result = np.empty_like(x)
    count = x.dtype.type(x.shape[1])
    for i in prange(x.shape[0]):
        total = squares = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        mean = total / count
        for j in range(x.shape[1]):
            squares += (x[i, j] - mean) * (x[i, j] - mean)
        factor = x.dtype.type(1 / sqrt(squares / count + np.float32(1e-5)))
        for j in range(x.shape[1]):
            result[i, j] = (x[i, j] - mean) * factor * scale[j] + shift[j]
    return result


@loop
def argmax(x):
    result = np.empty(x.shape[0], np.int64)
    for i in prange(x.shape[0]):
        place = 0
        for j in range(1, x.shape[1]):
            if x[i, j] > x[i, place]:
                place = j
        result[i] = place
    return result
