## verdict: result
## result: truncated
'x' * (50 << 20)
