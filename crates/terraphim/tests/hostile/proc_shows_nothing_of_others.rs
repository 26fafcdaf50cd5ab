//! verdict: result
//! result: []
use std::fs;
fn main() {
    let mut got = Vec::new();
    for name in ["environ", "mem", "maps", "root/etc/passwd", "cwd/x", "fd/0", "stack", "auxv", "pagemap", "exe", "io", "syscall", "ns/user"] {
        let path = format!("/proc/1/{name}");
        let taken = fs::File::open(&path).and_then(|mut file| std::io::Read::read(&mut file, &mut [0; 8]));
        if taken.is_ok_and(|count| count > 0) { got.push(path); }
    }
    for path in ["/proc/kcore", "/proc/kallsyms", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/keys", "/proc/net/tcp",
        "/proc/mounts", "/proc/self/mountinfo", "/sys/class/net", "/proc/version", "/proc/cmdline", "/dev/kmsg", "/dev/mem"] {
        if fs::OpenOptions::new().write(true).open(path).is_ok() { got.push(format!("write {path}")); }
    }
    for (path, text) in [("/proc/self/uid_map", "0 0 1"), ("/proc/self/oom_score_adj", "-1000"), ("/proc/self/setgroups", "allow"), ("/proc/1/oom_score_adj", "1000")] {
        if fs::write(path, text).is_ok() { got.push(path.to_owned()); }
    }
    println!("{got:?}");
}
