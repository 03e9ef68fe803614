"""The ops, in families: elementwise functions, movement, reduction, contraction, indexing, fft, control, random."""
