## verdict: result
## result: [true,-1]
import ctypes, mmap
code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# mov eax, edi; syscall; ret: a call that passes no library.
code.write(b'\x89\xf8\x0f\x05\xc3')
call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
import os
[call(39) == os.getpid(), call(57)]
