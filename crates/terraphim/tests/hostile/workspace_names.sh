## verdict: result
## result: 9
## logs: not kept in the workspace
## next: for name in *; do echo ${#name}; done | jq -sc sort
## finds: [3,3,4,5,255]
touch $'line\nbreak' $'\e[31mred' $'\xff' "$(printf '%255s' | tr ' ' n)" -- -rf '...' ' x ' '*?[]' '$(id)'
ls -A | wc -l >/dev/null; set -- *; echo $(($# + 1))
