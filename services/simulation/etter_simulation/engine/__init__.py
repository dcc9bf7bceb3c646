"""The model of workforce transformation, as compiled code without I/O. Section numbers are those of MODEL.md.

`request` and `metrics` can be read without loading the compiler; `run` cannot.
"""
