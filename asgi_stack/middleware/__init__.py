"""The layers, one public class a file; each is a raw ASGI callable that works alone and imports no other."""
