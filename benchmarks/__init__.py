"""How much a concern costs: the whole bot beside a bare echo, under the same load."""
