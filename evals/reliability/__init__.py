"""What the project promises of its reliability, each promise proved by trials: `python -m evals.reliability`."""
