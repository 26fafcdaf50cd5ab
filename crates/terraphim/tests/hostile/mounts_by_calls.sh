## verdict: result
## only: x86_64
## result: [1]
«machine»
mkdir here; data='\x68\x65\x72\x65\x00\x74\x6d\x70\x66\x73\x00'; names=$data
make() { data=$names; leave; program mounter; ./mounter; echo $?; }
{
    sys 165 0x410005 0x410000 0x410005 0 0; make
    sys 165 0x410000 0x410000 0 4096 0; make
    sys 166 0x410000 2; make
    for number in 155 161; do sys $number 0x410000 0x410000; make; done
    sys 428 -100 0x410000 1; make
    sys 429 -100 0x410000 -100 0x410000 0; make
    sys 430 0x410005 0; make
    for number in 431 432 433 442 467; do sys $number -100 0x410000 0 0 0; make; done
} | jq -sc unique
rm -r here mounter
