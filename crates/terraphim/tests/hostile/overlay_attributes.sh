## verdict: result
## only: x86_64
## result: [[1,95],[]]
«machine»
# user.overlay.opaque, .redirect and .metacopy, set and asked for, by path and descriptor.
mkdir folder
for name in opaque redirect metacopy; do
    path='\x66\x6f\x6c\x64\x65\x72\x00\x00'
    full=$(printf 'user.overlay.%s' $name | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')'\x00'
    for number in 188 189 191 192 197 198 463 464 466; do
        data=$path$full; sys $number 0x410000 0x410008 0x410008 1 0 0; leave; program set; ./set; echo $?
    done
done >/tmp/told
rm set; rmdir folder
jq -nc --arg left "$(ls -A)" "[$(jq -sc unique /tmp/told), (\$left | split(\"\\n\"))]"
