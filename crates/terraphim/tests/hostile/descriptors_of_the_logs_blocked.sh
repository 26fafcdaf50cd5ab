## verdict: result
## result: "done"
# Its own copies of what is read outside, without waiting and with the reader's end.
exec 5<>/proc/self/fd/2 6<>/proc/self/fd/1
timeout 0.3 cat <&5 & timeout 0.3 cat <&6 >/dev/null & wait
echo done
