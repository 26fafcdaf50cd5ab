## verdict: runtime
## message: ValueError: a
first, second = ValueError('a'), ValueError('b')
first.__cause__, second.__cause__ = second, first
raise first
