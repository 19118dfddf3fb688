"""What the integration tests are made of: the proxy, upstreams, clients and load."""
