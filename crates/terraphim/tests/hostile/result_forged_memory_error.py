## verdict: limit
## message: memory
## timeout: 60000
raise MemoryError('only said')
