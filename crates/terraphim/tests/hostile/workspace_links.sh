## verdict: result
## result: 7
## logs: not kept in the workspace
## next: ls -A | jq -Rsc .
## finds: "plain\n"
ln -s /etc/passwd passwd; ln -s . here; ln -s / root; ln -s nothing dangling; ln -s ../../.. up
ln -s "$(printf '%4000s' x)" long; echo x >plain
ls -A | wc -l
