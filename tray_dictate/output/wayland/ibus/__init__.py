"""Inserts text by IBus, as one of its engines that is in use for a moment."""
