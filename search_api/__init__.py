"""Answers requests: the FastAPI application, the services behind it, and the `hoso` command."""
