"""Loops that carry scalars, with gradients by hand."""

from __future__ import annotations

from math import exp, log

from benchmarks.loops import short
from benchmarks.workloads.recurrent import PERIODS, STEPS


@short
def logistic_map(rate, x):
    for _ in range(STEPS):
        x = rate * x * (1 - x)
    return x


@short
def newton(x):
    r = x
    while abs(r * r - x) > 1e-12 * x:
        r = 0.5 * (r + x / r)
    return r


@short
def ar1(slope, mean, log_scale, y):
    scale = exp(-log_scale)
    before = y[0] - mean
    square = by_slope = by_mean = 0.0
    for value in y:
        error = (value - mean - slope * before) * scale
        square += error * error
        by_slope += error * before
        by_mean += error
        before = value - mean
    return -0.5 * square - PERIODS * log_scale, scale * by_slope, scale * by_mean * (1 - slope), square - PERIODS


@short
def garch(base, shock, memory, y):
    variance = 0.0
    for value in y:
        variance += value * value
    variance /= y.size
    total = by_base = by_shock = by_memory = d_base = d_shock = d_memory = 0.0
    for value in y:
        square = value * value
        inverse = 1 / variance
        total += log(variance) + square * inverse
        slope = inverse - square * inverse * inverse
        by_base += slope * d_base
        by_shock += slope * d_shock
        by_memory += slope * d_memory
        d_base = 1 + memory * d_base
        d_shock = square + memory * d_shock
        d_memory = variance + memory * d_memory
        variance = base + shock * square + memory * variance
    return -0.5 * total, -0.5 * by_base, -0.5 * by_shock, -0.5 * by_memory
