"""From launches to CUDA C++."""
