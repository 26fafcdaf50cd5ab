## verdict: syntax
## message: NUL
## at: 4:1
echo one«U+0»; echo two
