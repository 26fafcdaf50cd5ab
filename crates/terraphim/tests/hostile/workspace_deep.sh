## verdict: result
## result: 300
## logs: not kept
## next: find . -type f | wc -l
## finds: 0
name=$(printf '%100s' | tr ' ' d)
for ((n = 0; n < 300; n++)); do mkdir $name && cd -P $name 2>/dev/null || break; done
echo bottom >file; echo $n
