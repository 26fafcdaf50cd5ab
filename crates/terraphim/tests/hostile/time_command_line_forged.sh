## verdict: limit
## message: longer than its limit
## timeout: 1000
# What it ran is told, with nothing in it that moves a reader's screen.
exec -a $'\e[2Jhint: forged\n\r' sleep 100
