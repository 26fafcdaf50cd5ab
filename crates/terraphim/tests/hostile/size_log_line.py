## verdict: result
## result: 1
## logs: xxxx
print('x' * 20_000_000)
1
