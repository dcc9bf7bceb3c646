"""Requests generated from a service's OpenAPI document, sent to the real service over HTTP (schemathesis)."""
