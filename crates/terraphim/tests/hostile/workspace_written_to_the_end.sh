## verdict: result
## result: "writing"
## next: ls
## finds: "torn"
# Whoever writes on is dead before the host looks.
(setsid bash -c 'exec >torn 2>/dev/null; trap "" TERM; while :; do printf x; done' &)
until [ -s torn ]; do sleep 0.01; done
echo writing
