## verdict: result
## only: x86_64
## result: "done"
«machine»
# A child by another way than fork's, of which nobody is told that it ends, and one of the shell's own parent.
for flags in 0 0x8011 0x8000 0x11; do
    sys 56 $flags 0 0 0 0
    child
    sys 112
    here idle
    sys 34; always idle
    parent
    leave
    program orphan; ./orphan || exit
done
rm orphan; echo done
