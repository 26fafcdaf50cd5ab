## verdict: result
## result: []
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
# mount, umount2, pivot_root, chroot, ptrace, setns, unshare, keyctl, add_key, request_key, bpf, userfaultfd, io_uring, perf, kcmp,
# seccomp, landlock, init_module, kexec, reboot, swapon, personality, iopl, ioperm, acct, quotactl, settimeofday, sethostname, fanotify,
# inotify, memfd_create, memfd_secret, open_tree, move_mount, fsopen, mount_setattr, process_madvise, shmget, semget, msgget, timer_create,
# signalfd4, setuid, setgid, setresuid, setgroups, capset, setpgid, setsid, fork, vfork, execve, execveat, splice, vmsplice, tee, kill, tkill, tgkill.
numbers = [165, 166, 155, 161, 101, 308, 272, 250, 248, 249, 321, 323, 425, 426, 427, 298, 312, 317, 444, 445, 446, 175, 313, 246, 320, 169, 167, 135, 172, 173,
           163, 179, 164, 170, 300, 301, 253, 294, 319, 447, 428, 429, 430, 431, 432, 442, 440, 29, 64, 68, 222, 282, 289, 105, 106, 117, 116, 126, 109, 112,
           57, 58, 59, 322, 275, 278, 276, 62, 200, 234, 133, 259, 92, 94, 260, 188, 189, 190, 197, 88888]
passed = []
for number in numbers:
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.ENOTSUP):
        passed.append((number, ctypes.get_errno()))
passed
