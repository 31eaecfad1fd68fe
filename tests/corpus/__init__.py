"""Raw HTTP requests, an awkward Flask application to send them to, and FastAPI twins of its views."""
