## verdict: result
## result: [true,true,true]
import os
environment = dict(os.environ)
secrets = [name for name in environment if any(word in name.upper() for word in ('TOKEN', 'SECRET', 'KEY', 'PASS', 'USER', 'XDG'))]
[len(environment) < 12, secrets == [], '/home' not in ' '.join(environment.values()) + ' ']
