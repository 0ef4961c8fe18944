"""Checks that text arrives: inserts a test text into a window of our own."""
