## verdict: limit
## message: longer than its limit
## timeout: 2000
for n in {1..55}; do (setsid bash -c 'while :; do :; done' &); done
wait; while :; do :; done
