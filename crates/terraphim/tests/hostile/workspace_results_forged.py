## verdict: result
## result: truncated
import os
# Where the host keeps long results there is a link, a file and a folder already.
os.symlink('/tmp', 'results')
'x' * 30_000
