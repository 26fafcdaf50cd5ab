## verdict: limit
## message: longer than its limit
## timeout: 1000
sleep 100 & kill -STOP $!
kill -STOP $$
