## verdict: result
## only: x86_64
## result: [1]
«machine»
for flag in 0 0x10000000; do
    sys 308 5 $flag; leave; program enter
    for kind in user mnt pid net ipc uts cgroup time pid_for_children; do
        { exec 5</proc/self/ns/$kind; } 2>/dev/null || continue
        ./enter; echo $?
    done
done | jq -sc unique
# NS_GET_PARENT and NS_GET_USERNS.
for number in 0xb702 0xb701; do sys 16 5 $number 0; leave; program ask; ./ask 5</proc/self/ns/user; [ $? = 1 ] || echo asked; done
rm enter ask
