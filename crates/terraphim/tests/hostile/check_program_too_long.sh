## verdict: limit
## message: a Bash program has at most
# «x×131072»
