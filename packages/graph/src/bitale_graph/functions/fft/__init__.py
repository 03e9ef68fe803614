"""Fourier transforms under NumPy's names (see numpy.fft), which may be differentiated and batched like all else."""

# A list of exports, packed to be read at a glance.
# ruff: noqa: F401
# isort: off
# fmt: off
from bitale_graph.functions.fft.one import fft, hfft, ifft, ihfft, irfft, rfft
from bitale_graph.functions.fft.several import fft2, fftn, ifft2, ifftn, irfft2, irfftn, rfft2, rfftn
from bitale_graph.functions.fft.convolution import fftconvolve
from bitale_graph.functions.fft.frequencies import fftfreq, fftshift, ifftshift, rfftfreq
