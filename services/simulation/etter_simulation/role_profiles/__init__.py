"""What this service knows of the company's roles, as core last published them. The roles themselves are core's."""
