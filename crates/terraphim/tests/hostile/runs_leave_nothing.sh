## verdict: result
## result: "left"
## next: ls -A /tmp; ls /proc | grep -c '^[0-9]'; true
## finds: 4
echo x >/tmp/left; mkfifo /tmp/pipe; mkdir -p /tmp/a/b; (setsid sleep 100 &)
(setsid bash -c 'exec 5<>/tmp/pipe; read -u 5' &)
umask 0; ulimit -n 20; export LEFT=1
echo left
