## verdict: limit
## message: longer than its limit
## timeout: 2000
## only: x86_64
«machine»
here each
sys 56 17 0 0 0 0
always each
program bomb
./bomb
