"""Addresses, proxies and requests over HTTP."""
