## verdict: result
## only: x86_64
## result: [1,1,0,139]
## next: ls -A
## finds: null
«machine»
# 0 would let a machine that hands core files to a program do so.
ulimit -c 0 2>/dev/null; told=($?)
sys 160 4 0x410000; leave; program set; ./set; told+=($?)
sys 302 0 4 0 0x410000; leave; program ask; ./ask; told+=($?)
bash -c 'kill -SEGV $$' 2>/dev/null; told+=($?)
rm set ask; jq -nc "[$(IFS=,; echo "${told[*]}")]"
