## verdict: denied
## message: `up.write_note` may change something
from mcp_servers import up
# Whatever the program says that it calls, the host decides.
up.echo._about['tool'] = 'write_note'
up.echo(title='a', text='b')
