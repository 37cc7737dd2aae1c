"""Pictures of notebook 08."""
