## verdict: result
## result: ["File too large","File too large","made"]
## next: ls -A
## finds: null
told() { "$@" 2>&1 >/dev/null | sed 's/.*: //' | head -1; }
trap '' XFSZ
one=$(told truncate -s 1T huge); two=$(told dd if=/dev/null of=huge bs=1 seek=200M count=0)
truncate -s 90M below && three=made
rm -f huge below; jq -nc --arg one "$one" --arg two "$two" --arg three "$three" '[$one, $two, $three]'
