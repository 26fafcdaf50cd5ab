## verdict: result
## result: [true,true]
## next: [__import__('os').listdir('/tmp'), __import__('os').listdir('.')]
## finds: [[],[]]
import os, tempfile
with tempfile.NamedTemporaryFile(delete=False) as kept:
    kept.write(b'x' * 100_000)
open('/tmp/left', 'w').write('for the next')
os.symlink('/workspace', '/tmp/link')
[kept.name.startswith('/tmp/'), os.path.exists('/tmp/left')]
