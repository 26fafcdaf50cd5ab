## verdict: result
## result: []
cd /proc/1
for name in environ maps smaps smaps_rollup pagemap mem auxv syscall stack io personality fd fdinfo map_files root cwd exe ns/user ns/mnt ns/pid; do
    { ls -L $name/. || head -c1 $name; } >/dev/null 2>&1 && echo $name
done | jq -Rsc 'split("\n")[:-1]'
