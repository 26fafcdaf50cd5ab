## verdict: runtime
## message: gaierror
## says: there is no network
import socket
socket.getaddrinfo('localhost.example', 80)
