"""The checks are checked: mistakes planted in every backward function, which the gradient checks must find. See README.md."""
