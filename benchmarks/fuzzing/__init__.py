"""What ``fuzz.py`` tries: a file a kind of odd input, each with the law that its answers keep.

A kind makes cases of a seed and a number, so that one that failed is made again from these two, and has them answered
in processes of their own (:mod:`fuzzing.crew`), which may hang or come down without stopping the rest.
"""
