## verdict: result
## result: "done"
# A handler that never returns, of a process that outlives the shell.
(setsid bash -c 'trap "while :; do :; done" TERM HUP CHLD USR1; kill -USR1 $$' &)
echo done
