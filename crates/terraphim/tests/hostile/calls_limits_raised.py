## verdict: result
## result: [true,true,true,true]
import resource
def refused(which):
    try:
        resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return False
    except (OSError, ValueError):
        return True
[refused(which) for which in (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)]
