"""Proof of the packages: read by other readers than the packers, installed in imitations of their systems."""
