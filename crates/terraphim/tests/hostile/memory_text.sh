## verdict: limit
## message: memory
## timeout: 60000
## memory: 64
text=x
while :; do text=$text$text; done
