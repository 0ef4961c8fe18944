"""The engine that transcribes on a server, by the OpenAI realtime protocol."""
