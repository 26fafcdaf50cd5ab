## verdict: result
## result: []
for name in tty ptmx pts shm mqueue zero full fuse kvm mem kmem port console vda sda loop0 net/tun kmsg snd dri hugepages vhost-net userfaultfd; do
    [ -e /dev/$name ] && echo $name
done | jq -Rsc 'split("\n")[:-1]'
