"""What CUDA does, on machines without a GPU: kernels compiled and run as plain C, compiled by CUDA's own compiler, and
a stand-in for launches, streams and graphs.
"""
