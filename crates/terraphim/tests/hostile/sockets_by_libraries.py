## verdict: runtime
## message: URLError
## says: there is no network
## at: 6:1
import urllib.request
urllib.request.urlopen('http://127.0.0.1:80/', timeout=1)
