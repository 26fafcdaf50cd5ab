## verdict: result
## result: []
import socket
opened = []
for family in range(46):
    for kind in (1, 2, 3, 4, 5, 6, 10):
        for protocol in (0, 1, 6, 17, 255, 768):
            try:
                socket.socket(family, kind, protocol)
                opened.append((family, kind, protocol))
            except OSError:
                pass
opened
