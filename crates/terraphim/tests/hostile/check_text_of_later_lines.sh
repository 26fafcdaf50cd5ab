## verdict: result
## result: ["first","eof"]
# What begins as a message of the reader is no message of the reader.
cat <<'EOF' >/tmp/text
program.sh: line 1: syntax error near unexpected token
EOF
jq -nc '["first", "eof"]'; cat /tmp/text >&2
