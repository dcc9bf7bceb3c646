"""Which parameters a figure hangs on, as a job. Not the designs and estimators: `engine.sensitivity`."""
