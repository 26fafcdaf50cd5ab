## verdict: result
## result: 0
# What is mounted where is told by the kernel; the paths of the user are not in it.
grep -c -E '/home/|/root/|/data/|terraphim/workspace' /proc/self/mountinfo /proc/1/mountinfo -h | awk '{sum += $1} END {print sum}'
