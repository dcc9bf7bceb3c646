"""The catalogue of roles and permissions, as the code of all services has it. No table: roles are not editable."""
