"""NATS: streams, outbox relay, consumers, endpoints."""
