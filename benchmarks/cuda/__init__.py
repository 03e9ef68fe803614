"""The same work on a GPU: `python -m benchmarks.cuda` compares Bitale with CuPy, JAX and torch on one device."""
