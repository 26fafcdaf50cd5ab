## verdict: result
## result: "set"
## next: jq -nc --arg s "$(stat -c %a setuid)" --arg l "$(cat locked)" --arg c "$(ls closed)" '[$s, $l, $c]'
## finds: ["700","secret","inner"]
echo '#!/bin/sh' >setuid; chmod 6777 setuid
printf secret >locked; chmod 0 locked
mkdir closed; touch closed/inner; chmod 0 closed
echo set; chmod 0 /workspace
