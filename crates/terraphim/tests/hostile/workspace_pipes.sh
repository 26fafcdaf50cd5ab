## verdict: result
## result: "made"
## logs: not kept in the workspace
## next: ls -A
## finds: null
# A host that opened one of them would wait for ever.
mkfifo data pipe; mkdir -p folder; mkfifo folder/inner; rmdir folder 2>/dev/null
(exec 5<>pipe; sleep 100) &
rm folder/inner; rmdir folder
echo made
