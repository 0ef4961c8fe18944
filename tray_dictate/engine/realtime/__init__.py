"""Engines that are servers speaking the openai realtime protocol."""
