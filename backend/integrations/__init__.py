"""The outside world: for each service a Protocol, an HTTP twin and a console twin, chosen by configuration."""
