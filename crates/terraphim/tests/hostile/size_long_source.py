## verdict: result
## result: 1
«x = 1
×50000»
1
