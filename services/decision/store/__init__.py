"""The only queries of the decision service. Every one names the workspace; every multi-row one goes
in key order.
"""
