"""PostgreSQL and nats-server from wheels, and the supervisor of the processes."""
