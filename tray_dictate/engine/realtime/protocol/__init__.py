"""The realtime protocol without any I/O: messages, turns and refusals."""
