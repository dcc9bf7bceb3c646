"""A run in chunks: ranges of its iterations that any worker plays, each once to effect, merged by the run's own job."""
