"""Protobuf ⇄ what the gateway works with, a file a resource."""
