"""What is known of a port from the requests it has answered and the checks it has passed."""

__all__: list[str] = []
