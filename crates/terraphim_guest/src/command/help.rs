//! What `mcp --help` says.

pub(super) const HELP: &str = "\
mcp calls the tools of the connected MCP servers.

  mcp call SERVER.TOOL [argument...] [--text] [--raw]
      prints the value as JSON; --text prints a text as it is, --raw the whole
      reply of the server
  mcp call --help SERVER.TOOL
      how the tool is called
  mcp search [WORDS] [--category C] [--capability C] [--server S] [--limit N]
             [--offset N] [--detail D] [--max-tokens N] [--text]
  mcp docs [SERVER.TOOL...] [--detail name|brief|full] [--max-tokens N] [--text]
      without a name: the servers, and how many tools each has
  mcp save NAME < JSON      keeps a value for later runs
  mcp load NAME             prints it
  mcp list                  the names that are kept

Arguments
  name=text                 a text
  name:=json                a number, true, false, null, a list or an object
  name=@file  name:=@file   the text, or the JSON, that stands in a file
  name=-      name:=-       the same from standard input
  --json JSON               all arguments as one object; `-` for standard input

Output
  JSON on one line, for jq. `search` and `docs` print for people with --text.

Exit codes
  0 done, 1 the tool or the host failed, 2 a wrong command line, unknown name or
  arguments that the tool does not take, 3 the call is not permitted. What went
  wrong is on standard error.

Examples
  mcp call notes.search query='rust async' limit:=10 | jq '.[0].title'
  mcp call notes.search --json '{\"query\": \"rust\"}' --text
  if ! found=$(mcp call notes.search query=rust); then echo \"code $?\"; fi
  for q in a b c; do mcp call notes.search query=\"$q\" > /tmp/$q & done; wait";
