"""Holds a slot and does nothing with it."""

import time


def main():
    time.sleep(3600)
