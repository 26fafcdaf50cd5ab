code= data=
# A number in so many bytes, the lowest first.
le() { local i byte; for ((i = 0; i < $1; i++)); do printf -v byte '\\x%02x' $(($2 >> 8 * i & 255)); code+=$byte; done; }
# The same in eight bytes, as the next of the data.
datum() { local code=; le 8 "$1"; data+=$code; }
# Puts a number, or r12 to r15, into the register of that number.
load() {
    if [[ $2 == r1? ]]; then le 1 $((0x4C | $1 / 8)); le 1 0x89; le 1 $((0xC0 | (${2#r} - 8) << 3 | $1 & 7))
    else le 1 $((0x48 | $1 / 8)); le 1 $((0xB8 | $1 & 7)); le 8 "$2"; fi
}
# A call of the kernel: its number, its arguments.
sys() { local number=$1 register; shift; for register in 7 6 2 10 8 9; do [[ $1 ]] || break; load $register "$1"; shift; done; load 0 $number; le 2 0x050F; }
# The result goes to r12 to r15; a number is put there, or added; one of four bytes is fetched; all eight are stored.
keep() { le 2 0x8949; le 1 $((0xC0 | ${1#r} - 8)); }
put() { load ${1#r} "$2"; }
add() { le 2 0x8149; le 1 $((0xC0 | ${1#r} - 8)); le 4 "$2"; }
fetch() { le 2 0x8B44; le 1 $((0x04 | (${1#r} - 8) << 3)); le 1 0x25; le 4 "$2"; }
store() { le 2 0x894C; le 1 $((0x04 | (${1#r} - 8) << 3)); le 1 0x25; le 4 "$2"; }
# Reads, or writes, the byte that r13 points to.
peek() { le 4 0x00458A41; }
poke() { le 4 0x0045C641; le 1 1; }
# Goes back to a place: always, so many times as r15 has, as long as calls succeed.
here() { printf -v "$1" %s $((${#code} / 4)); }
jump() { le 4 $(($1 - ${#code} / 4 - 4)); }
always() { le 1 0xE9; jump $1; }
times() { le 3 0xCFFF49; le 2 0x850F; jump $1; }
succeeds() { le 3 0xC08548; le 2 0x890F; jump $1; }
# Ends with what r12 has, unless the last call was not permitted.
only_refused() { le 4 0xFFF88348; le 2 0x0A74; le 3 0xE7894C; le 1 0xB8; le 4 60; le 2 0x050F; }
# What comes until `parent` is for the child of a fork alone.
child() { le 3 0xC08548; le 2 0x850F; le 4 0; from=${#code}; }
parent() { local rest=${code:from}; code=${code:0:from-16}; le 4 $((${#rest} / 4)); code+=$rest; }
# Ends with the error of the last call, 0 if it had none.
leave() { le 3 0xC08548; le 2 0x027E; le 2 0xC031; le 2 0xD8F7; le 2 0xC789; le 1 0xB8; le 4 231; le 2 0x050F; }
# Makes the file: `data` lies at 0x410000, and there is room up to 0x500000.
program() {
    local body=$code; code='\x7fELF\x02\x01\x01'; le 9 0; le 2 2; le 2 62; le 4 1; le 8 0x400078; le 8 64; le 8 0; le 4 0
    le 2 64; le 2 56; le 2 1; le 2 64; le 2 0; le 2 0; le 4 1; le 4 7; le 8 0; le 8 0x400000; le 8 0x400000
    le 8 $((0x10000 + ${#data} / 4)); le 8 0x100000; le 8 0x1000
    { printf "$code$body"; printf '%*s' $((0x10000 - 120 - ${#body} / 4)) ''; printf "$data"; } >"$1"; chmod +x "$1"; code= data=
}
