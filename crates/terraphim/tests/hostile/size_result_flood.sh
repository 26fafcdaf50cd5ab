## verdict: limit
## message: the result has more than
yes
