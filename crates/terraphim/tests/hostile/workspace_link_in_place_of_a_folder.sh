## verdict: result
## result: "swapped"
## logs: not kept in the workspace: data
# What the host saves next goes through the folder that the program has made a link.
ln -s /tmp data
echo 1 | mcp save kept >/dev/null 2>&1
echo swapped
