## verdict: result
## only: x86_64
## result: [1,1,1,1,1,1,1,1,1,1,38]
«machine»
# Each kind alone, then beside a flag that no kernel knows, and by the call whose flags no filter sees.
told=()
for flags in 0x10000000 0x20000 0x20000000 0x40000000 0x08000000 0x04000000 0x02000000 0x80 0x110000000 0x7E020000; do
    sys 56 $((flags | 17)) 0 0 0 0; leave; program new; ./new; told+=($?)
done
sys 435 0x410000 88; leave; program new; ./new; told+=($?)
rm new; jq -nc "[$(IFS=,; echo "${told[*]}")]"
