## verdict: limit
## message: memory
raise MemoryError('only said')
