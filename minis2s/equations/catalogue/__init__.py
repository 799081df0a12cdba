"""The entries of the registry, one module per family of equations."""
