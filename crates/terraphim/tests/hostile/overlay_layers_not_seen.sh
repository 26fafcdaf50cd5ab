## verdict: result
## timeout: 60000
## result: []
{ find / \( -name upper -o -name work \) -not -path '/proc/*'; find /tmp /store /tmp/../store -mindepth 1; } 2>/dev/null | jq -Rsc 'split("\n")[:-1]'
