## verdict: result
## result: []
for name in $(ls /proc/self /proc/self/task/self 2>/dev/null) attr/current attr/exec; do
    { echo 0 >/proc/$$/$name; } 2>/dev/null && echo $name
done | jq -Rsc 'split("\n")[:-1]'
