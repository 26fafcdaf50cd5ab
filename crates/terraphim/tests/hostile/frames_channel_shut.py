## verdict: sandbox
## message: broke the protocol with its host
import os, socket, time
socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
time.sleep(5)
