"""The finished code of the course: one idea a module."""
