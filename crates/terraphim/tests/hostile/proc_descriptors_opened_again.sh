## verdict: result
## result: ["No such device or address","Permission denied"]
told() { bash -c "$1" 2>&1 | sed 's/.*: //' | head -1; }
jq -nc --arg one "$(told 'exec 5</proc/self/fd/9')" --arg two "$(told 'exec 5<>/proc/1/fd/3')" '[$one, $two]'
