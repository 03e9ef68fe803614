"""Distributions drawn by rejection, in C: scalar loops per element, as in `bitale_graph.reference.samplers`."""

from __future__ import annotations

from bitale_graph.ops.random import LONGEST_SEARCH, LONGEST_SERIES, MOST_TRIALS, SEARCHED, TRIAL

# The upper or lower word of a trial, the uniform and the normal numbers made of words. Inlined, so that the two words
# of a trial are made by one block.
TRIAL_WORD = f"""BITALE_INLINE uint64_t bitale_trial(
    uint64_t key, uint64_t stream, uint64_t index, uint64_t trial, int upper) {{
    const uint64_t block = index | trial << {TRIAL}, word = upper ? 2 : 0;
    return bitale_philox(key, stream, block, word) | (uint64_t)bitale_philox(key, stream, block, word + 1) << 32;
}}"""
OPEN_UNIT = """BITALE_INLINE double bitale_open_unit(uint64_t word) {
    return ((double)(int64_t)(word >> 12) + 0.5) * 0x1p-52;
}"""
TWO_SIDED_NORMAL = """BITALE_INLINE double bitale_two_sided_normal(uint64_t word) {
    const double z = bitale_ndtri_f64(((double)(int64_t)(word >> 11) + 0.5) * 0x1p-54);
    return word & 1 ? -z : z;
}"""
STIRLING_ERROR = """static inline double bitale_stirling_error(double k) {
    const double t = 1 / (k * k), half_log_tau = 0.91893853320467274178;
    if (k < 16) return lgamma(k + 1) - (k > 0 ? (k + 0.5) * log(k) : 0) + k - half_log_tau;
    return (1. / 12 - t * (1. / 360 - t * (1. / 1260 - t / 1680))) / k;
}"""
DEVIANCE = """static inline double bitale_deviance(double k, double mean) {
    const double gap = (mean - k) / k;
    return k > 0 ? k * (gap - log1p(gap)) : mean;
}"""
LOG_POISSON = """static inline double bitale_log_poisson(double k, double mean) {
    if (k == 0) return -mean;
    return -bitale_stirling_error(k) - bitale_deviance(k, mean) - 0.5 * log(6.28318530717958647693 * k);
}"""
LOG_BINOMIAL = """static inline double bitale_log_binomial(double k, double n, double p) {
    if (k == 0) return n * log1p(-p);
    if (k == n) return n * log(p);
    return bitale_stirling_error(n) - bitale_stirling_error(k) - bitale_stirling_error(n - k)
        - 0.5 * log(6.28318530717958647693 * (k / n * (n - k))) - bitale_deviance(k, n * p)
        - bitale_deviance(n - k, n * (1 - p));
}"""
LOG_GAMMA_VARIATE = f"""static inline double bitale_log_gamma_variate(
    uint64_t key, uint64_t stream, uint64_t index, double a) {{
    if (!(a > 0) || isinf(a)) return a == 0 ? -INFINITY : a > 0 ? a : NAN;
    const double d = (a < 1 ? a + 1 : a) - 1. / 3, scale = sqrt(9 * d);
    double result = a < 1 ? a + 1 : a;
    for (int trial = 2; trial < {MOST_TRIALS}; trial++) {{
        const double x = bitale_two_sided_normal(bitale_trial(key, stream, index, trial, 0));
        const double root = 1 + x / scale, v = root * root * root, log_v = log(root > 0 ? v : 1);
        const double u = bitale_open_unit(bitale_trial(key, stream, index, trial, 1));
        /* The first comparison implies the second, and takes no logarithm. */
        if (root > 0 && (u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + d - d * v + d * log_v)) {{
            result = log(d) + log_v;
            break;
        }}
    }}
    return a < 1 ? result + log(bitale_open_unit(bitale_trial(key, stream, index, 1, 0))) / a : result;
}}"""
LOG_GAMMA_SLOPE = f"""static inline double bitale_log_gamma_slope(double log_z, double a) {{
    if (a <= {LONGEST_SERIES!r}) {{
        const double z = exp(log_z);
        double term = 1, total = 1, weighted = 0, harmonic = 0;
        int running = isfinite(z) && a > 0;
        for (int n = 1; running && n <= 100000; n++) {{
            harmonic += 1 / (a + n);
            term *= z / (a + n);
            total += term;
            weighted += term * harmonic;
            running = z > a + n || term > 1e-17 * total;
        }}
        return (weighted - total * (log_z - bitale_digamma_f64(a) - 1 / a)) / a;
    }}
    const double y = exp((log_z - log(a)) / 3);
    return 1 / a + 3 / y * (1 / (9 * a * a) - (y - 1 + 1 / (9 * a)) / (2 * a));
}}"""
POISSON_VARIATE = f"""static inline int64_t bitale_poisson_variate(
    uint64_t key, uint64_t stream, uint64_t index, double mean) {{
    if (!(mean >= 0) || isinf(mean)) return mean > 0 ? 0 : -1;
    if (mean < {SEARCHED}) {{
        const double u = bitale_open_unit(bitale_trial(key, stream, index, 1, 0));
        double chance = exp(-mean), total = chance;
        int64_t k = 0;
        while (u > total && k < {LONGEST_SEARCH - 1}) {{
            k++;
            chance *= mean / k;
            total += chance;
        }}
        return k;
    }}
    const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    for (int trial = 2; trial < {MOST_TRIALS}; trial++) {{
        const double u = bitale_open_unit(bitale_trial(key, stream, index, trial, 0)) - 0.5;
        const double v = bitale_open_unit(bitale_trial(key, stream, index, trial, 1)), side = 0.5 - fabs(u);
        const double k = floor((2 * a / side + b) * u + mean + 0.43);
        if (side >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return (int64_t)k;
        if (k < 0 || (side < 0.013 && v > side)) continue;
        if (log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (side * side) + b)) <= bitale_log_poisson(k, mean))
            return (int64_t)k;
    }}
    return 0;
}}"""
BINOMIAL_VARIATE = f"""static inline int64_t bitale_binomial_variate(
    uint64_t key, uint64_t stream, uint64_t index, int64_t tries, double chance_of_one) {{
    if (tries < 0 || !(chance_of_one >= 0 && chance_of_one <= 1)) return -1;
    const int turned = chance_of_one > 0.5; /* the rarer outcome is counted */
    const double n = tries, p = turned ? 1 - chance_of_one : chance_of_one;
    double k = 0;
    if (n * p < {SEARCHED}) {{
        const double u = bitale_open_unit(bitale_trial(key, stream, index, 1, 0)), odds = p / (1 - p);
        double chance = exp(n * log1p(-p)), total = chance;
        while (u > total && k < {LONGEST_SEARCH - 1}) {{
            k++;
            chance *= (n - k + 1) / k * odds;
            total += chance;
        }}
        k = k < n ? k : n;
    }} else {{
        const double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
        const double top = bitale_log_binomial(floor((n + 1) * p), n, p);
        for (int trial = 2; trial < {MOST_TRIALS}; trial++) {{
            const double u = bitale_open_unit(bitale_trial(key, stream, index, trial, 0)) - 0.5;
            const double v = bitale_open_unit(bitale_trial(key, stream, index, trial, 1)), side = 0.5 - fabs(u);
            k = floor((2 * a / side + b) * u + n * p + 0.5);
            if (k < 0 || k > n) continue;
            if (side >= 0.07 && v <= 0.92 - 4.2 / b) break;
            if (log(v * ((2.83 + 5.1 / b) * spread) / (a / (side * side) + b)) <= bitale_log_binomial(k, n, p) - top)
                break;
        }}
    }}
    return turned ? tries - (int64_t)k : (int64_t)k;
}}"""

HELPERS = {
    "bitale_trial": TRIAL_WORD, "bitale_open_unit": OPEN_UNIT, "bitale_two_sided_normal": TWO_SIDED_NORMAL,
    "bitale_stirling_error": STIRLING_ERROR, "bitale_deviance": DEVIANCE, "bitale_log_poisson": LOG_POISSON,
    "bitale_log_binomial": LOG_BINOMIAL, "bitale_log_gamma_variate": LOG_GAMMA_VARIATE,
    "bitale_log_gamma_slope": LOG_GAMMA_SLOPE, "bitale_poisson_variate": POISSON_VARIATE,
    "bitale_binomial_variate": BINOMIAL_VARIATE,
}  # fmt: skip
