## verdict: result
## result: "planted"
## next: echo $(bash -c 'echo plain') $(sh -c 'echo plain') $(type -t planted) $PLANTED
## finds: "plain plain"
for name in .bashrc .bash_profile .profile .bash_login .bash_env .inputrc .bash_logout; do printf 'PLANTED=1\nplanted() { :; }\necho planted\n' >$name; done
export PLANTED=1 BASH_ENV=/workspace/.bashrc ENV=/workspace/.bashrc SHELLOPTS
planted() { :; }; export -f planted
echo planted
