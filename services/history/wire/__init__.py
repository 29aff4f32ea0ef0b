"""Protobuf ⇄ domain. The only place of history that sees generated code."""
