"""minis2s: a sequence-to-sequence engine written from scratch, to be understood equation by equation."""

__version__ = "0.1.0"
