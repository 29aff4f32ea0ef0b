"""Protobuf ⇄ domain: the only room of this service that sees generated code."""
