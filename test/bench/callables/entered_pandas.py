"""As entered, of a module that imports pandas."""

import time

import pandas


def main():
    return time.monotonic_ns() if pandas.__name__ else None
