"""Payloads of all events, by the service that publishes them. Import a module to know its types."""

from etter_common.events.contracts import auth, core, extraction, simulation

__all__ = ["auth", "core", "extraction", "simulation"]
