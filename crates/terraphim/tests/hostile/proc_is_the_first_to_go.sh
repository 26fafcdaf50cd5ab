## verdict: result
## result: [1000,1,1]
# Where the machine has no memory left; and no core file, not even for a program of the machine that takes them.
core=$(grep 'Max core file size' /proc/self/limits | tr -s ' ' | cut -d' ' -f5,6)
jq -nc "[$(cat /proc/self/oom_score_adj), ${core/ /,}]"
