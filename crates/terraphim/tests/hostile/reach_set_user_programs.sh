## verdict: result
## timeout: 60000
## result: [0,"1000 1000"]
count=$(find / -xdev -path /proc -prune -o \( -perm -4000 -o -perm -2000 \) -type f -print 2>/dev/null | wc -l)
cp /usr/bin/id id; chmod 6755 id
jq -nc --arg id "$(./id -u) $(./id -g)" "[$count, \$id]"; rm id
