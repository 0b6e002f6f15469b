"""The demo service: a small shop as a bare ASGI application, wrapped in the default stack."""
