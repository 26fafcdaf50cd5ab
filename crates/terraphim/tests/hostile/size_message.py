## verdict: runtime
## message: ValueError: xxxx
raise ValueError('x' * 20_000_000)
