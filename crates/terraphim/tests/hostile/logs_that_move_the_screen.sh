## verdict: result
## result: null
## logs: forged
printf '\e[2J\e[31mforged\r\n\x00\x9b0m\n' >&2
