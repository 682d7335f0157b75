"""The engines that find links: terrax's own in JAX, and tigramite's behind one module."""
