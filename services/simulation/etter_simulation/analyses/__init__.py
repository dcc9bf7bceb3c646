"""What every analysis has in common: asked for, played by the engine as a job, its answer kept whole in its row.

Not what an analysis computes: that is its own slice (comparisons) and a pure module of `engine`.
"""
