"""The main job, end to end: every operation on every path over HTTP, and one operation ported live."""
