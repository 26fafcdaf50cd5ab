## verdict: syntax
## message: syntax error
## next: ls -A
## finds: null
set +n; touch one; shopt -s expand_aliases; alias if='touch two'
a=$(touch three) b=`touch four` c=$((x[$(touch five)] + 1)) d=<(touch six) e=${f:-$(touch seven)}
trap 'touch eight' EXIT DEBUG ERR; declare "g[$(touch nine)]=1"; [[ -v h[$(touch ten)] ]]
cat <<EOF
$(touch eleven)
EOF
coproc touch twelve
eval 'touch thirteen'; mcp call up.add a:=1 b:=2 >fourteen
case x in $(touch fifteen)) ;; esac
if then
