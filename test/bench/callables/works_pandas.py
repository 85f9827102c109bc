"""Imports pandas and works with it for 10 ms of processor time."""

import time

import pandas


def main():
    end, rounds = time.thread_time() + 0.010, 0
    while time.thread_time() < end:
        pandas.Series([1.07, 1.08, 1.0875, 1.09]).rolling(3).mean()
        rounds += 1
    return rounds
