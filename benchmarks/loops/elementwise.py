"""Elementwise loops."""

from __future__ import annotations

from math import exp, log1p, sqrt, tanh

import numpy as np
from numba import prange

from benchmarks.loops import loop, short


@short
def add1(x):
    return x + 1


add1_scalar = add1_vec3 = add1


@short
def tiny10(x, y):
    result = np.empty_like(x)
    for i in range(x.size):
        total, difference = x[i] + y[i], x[i] - y[i]
        mixed = (total * difference + x[i]) * y[i] - total
        result[i] = (mixed * difference + mixed) * 0.5 - x[i]
    return result


@loop
def logistic(x, y, z):
    result = np.empty_like(x)
    one = x.dtype.type(1)
    for i in prange(x.size):
        result[i] = one / (one + exp(-(x[i] + y[i] + z[i])))
    return result


@loop
def ew15(x, y, z):
    result = np.empty_like(x)
    for i in prange(x.size):
        t = tanh(x[i] * y[i] + z[i])
        u = exp(-(t * t))
        v = log1p(u + x[i] * x[i])
        result[i] = (sqrt(v + y[i] * y[i]) * t + u) / v
    return result


@loop
def bcast(x, row, column):
    result = np.empty_like(x)
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            result[i, j] = (x[i, j] - row[j]) * column[i]
    return result


@loop
def transposed(x, y):
    result = np.empty_like(x)
    block = 32
    for start in prange((x.shape[0] + block - 1) // block):
        for left in range(0, x.shape[1], block):
            for i in range(start * block, min((start + 1) * block, x.shape[0])):
                for j in range(left, min(left + block, x.shape[1])):
                    result[i, j] = x[i, j] + np.float32(2) * y[j, i]
    return result


@loop
def strided(x, y):
    result = np.empty(x.size // 2, x.dtype)
    for i in prange(result.size):
        result[i] = x[2 * i] * y[2 * i] + np.float32(1)
    return result


@loop
def views(x, y):
    result = np.empty(x.shape, x.dtype)
    block = 32
    for start in prange((x.shape[0] + block - 1) // block):
        for left in range(0, x.shape[1], block):
            for i in range(start * block, min((start + 1) * block, x.shape[0])):
                for j in range(left, min(left + block, x.shape[1])):
                    result[i, j] = x[i, j] * y[i, j] + np.float32(1)
    return result


@loop
def where(x):
    result = np.empty_like(x)
    for i in prange(x.size):
        result[i] = x[i] if x[i] > 0 else exp(x[i]) - np.float32(1)
    return result


@loop
def int_ops(x, y):
    result = np.empty_like(x)
    for i in prange(x.size):
        result[i] = ((x[i] * np.int32(3) + y[i]) >> np.int32(3)) ^ (x[i] & y[i])
    return result


@loop
def int_division(x, y):
    result = np.empty_like(x)
    for i in prange(x.size):
        result[i] = x[i] // np.int32(7) + y[i] % np.int32(5)
    return result


@loop
def mixed(x, y, flag):
    result = np.empty_like(x)
    for i in prange(x.size):
        result[i] = x[i] * y[i] + flag[i]
    return result


@loop
def embed_gather(table, words):
    result = np.empty((words.size, table.shape[1]), table.dtype)
    for i in prange(words.size):
        for j in range(table.shape[1]):
            result[i, j] = table[words[i], j]
    return result
