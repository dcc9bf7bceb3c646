"""Skills: spans in sentences, items of skill lists, and their concepts in ESCO."""
