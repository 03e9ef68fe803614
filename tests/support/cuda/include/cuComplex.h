/* Complex numbers of the CUDA runtime. */
#pragma once
typedef struct { float x, y; } cuFloatComplex;
typedef struct { double x, y; } cuDoubleComplex;
typedef cuFloatComplex cuComplex;
