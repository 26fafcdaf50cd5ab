//! Bash programs through the real binary: calls, the result, the jail, the limits.

mod commands;

use std::{
    fs,
    os::unix::fs::symlink,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::place::{Ended, Place};

/// What a program may not do: a command, which must fail, and words of its complaint.
const REFUSED: &[(&str, &str)] = &[
    ("exec 3<>/dev/tcp/127.0.0.1/22", "Operation not permitted"),
    ("exec 3<>/dev/udp/127.0.0.1/53", "Operation not permitted"),
    ("cat /etc/passwd", "No such file"),
    ("cat /etc/shadow", "No such file"),
    ("cat /dev/mem", "No such file"),
    ("ls /sys/", "No such file"),
    ("ls /home/", "No such file"),
    ("ls /root/", "No such file"),
    ("cat /proc/cpuinfo", "No such file"),
    ("cat /proc/sys/kernel/hostname", "No such file"),
    ("cat /proc/kallsyms", "No such file"),
    ("cat /proc/1/environ", "Permission denied"),
    ("cat /proc/1/maps", "Permission denied"),
    ("head -c1 /proc/1/mem", "Permission denied"),
    ("ls /proc/1/fd/", "Permission denied"),
    ("ls /proc/1/root/", "Permission denied"),
    ("ls /proc/1/cwd/", "Permission denied"),
    ("echo x > /proc/1/fd/3", "denied"),
    ("echo 1000 > /proc/self/oom_score_adj", "Permission denied|Read-only"),
    ("echo x > /proc/self/mem", "Permission denied|Read-only"),
    ("echo x > /planted", "Permission denied|Read-only"),
    ("echo x > /usr/bin/planted", "Permission denied|Read-only"),
    ("echo x > /usr/bin/mcp", "Permission denied|Read-only"),
    ("rm /usr/bin/mcp", "Permission denied|Read-only"),
    ("mkdir /store/planted", "Permission denied|Read-only"),
    ("echo x > /dev/planted", "Permission denied|Read-only"),
    ("echo x > ../../outside", "Permission denied|Read-only"),
    ("kill -9 1", "Operation not permitted"),
    ("kill -STOP 1", "Operation not permitted"),
    ("setsid kill -KILL 1", "Operation not permitted"),
    ("sh -c 'kill -SEGV 1'", "Operation not permitted"),
    ("su", "not found"),
    ("sudo true", "not found"),
    ("mount -t tmpfs none /tmp", "not found"),
    ("unshare -U true", "not found"),
    ("nsenter -t 1 -m", "not found"),
    ("python3 -c 1", "not found"),
    ("curl http://localhost", "not found"),
    ("ip addr", "not found"),
    ("cp /usr/bin/bash s && chmod 4755 s && ./s -p -c '[ $EUID = 0 ]'", ""),
    ("chown 0:0 .", "not found|not permitted"),
    ("nice -n -5 true 2>&1 >/dev/null | grep . >&2; false", "not permitted|denied"),
    ("ulimit -u 10000", "not permitted|cannot modify"),
    ("ulimit -n 10000", "not permitted|cannot modify"),
    ("ulimit -d unlimited", "not permitted|cannot modify"),
    ("ulimit -c unlimited", "not permitted|cannot modify"),
    ("mknod node c 1 3", "not found"),
    ("/usr/bin/mcp call", "write the name of a tool"),
    ("bash -c 'exec -a terraphim-guest /usr/bin/mcp bash'", ""),
    ("bash -c 'exec -a terraphim-guest /usr/bin/mcp'", ""),
];

/// Calls of the kernel that are refused, with their first arguments; by number,
/// since no command of the jail makes them.
#[cfg(target_arch = "x86_64")]
pub(crate) const REFUSED_CALLS: &[(&str, u32, [u32; 4])] = &[
    ("mmap of shared memory", 9, [0, 4096, 3, 0x21]),
    ("ioctl TIOCSTI", 16, [0, 0x5412, 0, 0]),
    ("shmget", 29, [0, 4096, 0o1600, 0]),
    ("socket unix", 41, [1, 1, 0, 0]),
    ("socket inet", 41, [2, 1, 0, 0]),
    ("socket netlink", 41, [16, 3, 0, 0]),
    ("socket vsock", 41, [40, 1, 0, 0]),
    ("socketpair", 53, [1, 1, 0, 0x40_0000]),
    ("sendmsg", 46, [9, 0x40_0000, 0, 0]),
    ("clone of a user namespace", 56, [0x1000_0011, 0, 0, 0]),
    ("clone of a PID namespace", 56, [0x2000_0011, 0, 0, 0]),
    ("clone of a mount namespace", 56, [0x0002_0011, 0, 0, 0]),
    ("semget", 64, [0, 1, 0o1600, 0]),
    ("msgget", 68, [0, 0o1600, 0, 0]),
    ("ptrace", 101, [16, 1, 0, 0]),
    ("setuid", 105, [0, 0, 0, 0]),
    ("setgid", 106, [0, 0, 0, 0]),
    ("capset", 126, [0x40_0000, 0, 0, 0]),
    ("mknod of a device", 133, [0x40_0000, 0o20600, 0x103, 0]),
    ("personality", 135, [0, 0, 0, 0]),
    ("setpriority", 141, [0, 1, 0, 0]),
    ("sched_setscheduler", 144, [1, 0, 0x40_0000, 0]),
    ("modify_ldt", 154, [0, 0x40_0000, 16, 0]),
    ("pivot_root", 155, [0x40_0000, 0x40_0000, 0, 0]),
    ("prctl PR_SET_DUMPABLE", 157, [4, 1, 0, 0]),
    ("prctl PR_SET_SECCOMP", 157, [22, 2, 0, 0]),
    ("chroot", 161, [0x40_0000, 0, 0, 0]),
    ("mount", 165, [0x40_0000, 0x40_0000, 0x40_0000, 0]),
    ("umount2", 166, [0x40_0000, 2, 0, 0]),
    ("sethostname", 170, [0x40_0000, 4, 0, 0]),
    ("iopl", 172, [3, 0, 0, 0]),
    ("init_module", 175, [0x40_0000, 4, 0x40_0000, 0]),
    ("mq_open", 240, [0x40_0000, 0o102, 0o600, 0]),
    ("add_key", 248, [0x40_0000, 0x40_0000, 0x40_0000, 1]),
    ("keyctl", 250, [0, 0, 0, 0]),
    ("unshare of users", 272, [0x1000_0000, 0, 0, 0]),
    ("unshare of mounts", 272, [0x0002_0000, 0, 0, 0]),
    ("perf_event_open", 298, [0, 0, 0, 0]),
    ("fanotify_init", 300, [0, 0, 0, 0]),
    ("prlimit64 of the supervisor", 302, [1, 7, 0x40_0000, 0]),
    ("open_by_handle_at", 304, [3, 0x40_0000, 0, 0]),
    ("setns", 308, [3, 0, 0, 0]),
    ("process_vm_readv", 310, [1, 0, 0, 0]),
    ("process_vm_writev", 311, [1, 0, 0, 0]),
    ("kcmp", 312, [1, 1, 0, 0]),
    ("memfd_create", 319, [0x40_0000, 0, 0, 0]),
    ("bpf", 321, [0, 0, 0, 0]),
    ("execveat", 322, [3, 0x40_0000, 0, 0]),
    ("userfaultfd", 323, [0, 0, 0, 0]),
    ("io_uring_setup", 425, [1, 0, 0, 0]),
    ("open_tree", 428, [3, 0x40_0000, 0, 0]),
    ("fsopen", 430, [0x40_0000, 0, 0, 0]),
    ("pidfd_open", 434, [1, 0, 0, 0]),
    ("pidfd_getfd", 438, [3, 3, 0, 0]),
    ("process_madvise", 440, [3, 0, 0, 0]),
    ("mount_setattr", 442, [3, 0x40_0000, 0, 0]),
    ("memfd_secret", 447, [0, 0, 0, 0]),
    ("mmap by the door of x32", 0x4000_0009, [0, 4096, 3, 0x21]),
];

/// A program that makes one call and exits with the number of its error.
#[cfg(target_arch = "x86_64")]
fn caller(number: u32, arguments: [u32; 4]) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 120;
    let mut code = Vec::new();
    // The opcodes that load EAX, EDI, ESI, EDX and R10D.
    let loads: [&[u8]; 5] = [&[0xB8], &[0xBF], &[0xBE], &[0xBA], &[0x41, 0xBA]];
    let values = std::iter::once(number).chain(arguments);
    loads.into_iter().zip(values).for_each(|(load, value)| {
        code.extend_from_slice(load);
        code.extend_from_slice(&value.to_le_bytes());
    });
    // syscall; neg eax; mov edi, eax; mov eax, 231; syscall
    code.extend_from_slice(&[0x0F, 0x05, 0xF7, 0xD8, 0x89, 0xC7, 0xB8, 231, 0, 0, 0, 0x0F, 0x05]);
    let size = HEADERS + code.len() as u64;
    let mut file = vec![0x7F, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for half in [2_u16, 62] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(&1_u32.to_le_bytes());
    for word in [BASE + HEADERS, 64, 0] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    // One segment, readable and executable.
    for half in [1_u32, 5] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    for word in [0, BASE, BASE, size, size, 4096] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&code);
    file
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_kernel_refuses_what_no_command_needs() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let folder = place.workspace();
    fs::create_dir_all(&folder).expect("a folder");
    let mut calls: Vec<_> = REFUSED_CALLS.to_vec();
    // One that is let through, so that the programs are known to work; the negative of a process number.
    calls.push(("getppid", 110, [0; 4]));
    for (at, (_, number, arguments)) in calls.iter().enumerate() {
        let file = folder.join(format!("call{at}"));
        fs::write(&file, caller(*number, *arguments)).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let program = format!("for n in $(seq 0 {}); do ./call$n; echo $?; done | jq -sc .", calls.len() - 1);
    let codes = bash(&place, &program, &[]).json();
    // EPERM.
    let refused = 1;
    for ((name, ..), code) in calls.iter().zip(codes.as_array().expect("codes")) {
        if *name == "getppid" {
            assert!(code != refused && code.as_i64().is_some_and(|code| code > 100), "{name}: {code}");
        } else {
            assert_eq!(code, refused, "{name}");
        }
    }
}

/// Runs a Bash program with further arguments.
fn bash(place: &Place, program: &str, args: &[&str]) -> Ended {
    place.file("program.sh", program);
    place.terraphim(&[&["run", "program.sh"], args].concat())
}

#[test]
fn a_program_reaches_nothing_of_the_machine() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let mut program = String::new();
    for (command, _) in REFUSED {
        let quoted = command.replace('\'', "'\\''");
        program.push_str(&format!(
            "told=$(bash -c '{quoted}' 2>&1 </dev/null); code=$?; jq -nc --arg told \"$told\" --argjson code $code '[$code, $told]'\n"
        ));
    }
    let answers = bash(&place, &format!("{{\n{program}}} | jq -s ."), &[]).json();
    let answers = answers.as_array().expect("a list");
    assert_eq!(answers.len(), REFUSED.len());
    for ((command, words), answer) in REFUSED.iter().zip(answers) {
        let told = answer[1].as_str().expect("a text");
        assert_ne!(answer[0], 0, "{command}: {told}");
        assert!(words.split('|').any(|words| told.contains(words)), "{command}: {told}");
    }
}

#[test]
fn a_program_has_no_privilege_and_nothing_of_the_hosts_surroundings() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let program = r#"
ls /proc/$$/fd > /tmp/fds
caps=$(grep -E '^(CapEff|CapPrm|CapInh|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\t\n')
jq -nc --arg caps "$caps" --arg env "$(env | cut -d= -f1 | sort | tr '\n' ' ')" --arg id "$(id -u) $EUID" \
  --arg dev "$(ls /dev | tr '\n' ' ')" --arg host "$(uname -n)" --arg pwd "$PWD" --arg fds "$(tr '\n' ' ' < /tmp/fds)" \
  --arg pid "$PPID" --arg mounts "$(grep -c terraphim-test /proc/self/mountinfo)" '$ARGS.named'
"#;
    let told = bash(&place, program, &[]).json();
    let caps = "CapInh:0000000000000000CapPrm:0000000000000000CapEff:0000000000000000CapBnd:0000000000000000CapAmb:0000000000000000NoNewPrivs:1Seccomp:2";
    assert_eq!(told["caps"], caps);
    assert_eq!(told["env"], "HOME LANG OLDPWD PATH PWD SHELL SHLVL TERM TMPDIR TZ _ ".replace("OLDPWD ", ""));
    assert_eq!(told["id"], "1000 1000");
    assert_eq!(told["dev"], "fd null random stderr stdin stdout urandom ");
    assert_eq!(told["host"], "jail");
    assert_eq!(told["pwd"], "/workspace");
    assert_eq!(told["fds"], "0 1 2 9 ");
    assert_eq!(told["pid"], "1");
    assert_eq!(told["mounts"], "0", "a path of the host is shown");
}

#[test]
fn the_result_is_what_the_program_prints() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    for (program, result) in [
        ("echo 42", json!(42)),
        ("echo '{\"a\": [1, null]}'", json!({ "a": [1, null] })),
        ("echo one; echo two", json!("one\ntwo")),
        ("true", json!(null)),
        ("printf 007", json!("007")),
        ("printf '\\xff'", json!("\u{fffd}")),
        (
            "set -euo pipefail\nf() { local -a xs=(3 1 2); printf '%s\\n' \"${xs[@]}\" | sort | jq -s .; }\nf",
            json!([1, 2, 3]),
        ),
        ("cat <<EOF\na $((1 + 1)) $(echo b)\nEOF", json!("a 2 b")),
        ("diff <(echo a) <(echo a) && cat < <(echo same)", json!("same")),
        ("declare -A m=([x]=1 [y]=2); echo \"${m[x]}${m[y]}\"", json!(12)),
        ("shopt -s extglob\ntouch a b\necho !(b)", json!("a")),
        ("trap 'echo bye' EXIT; echo hi", json!("hi\nbye")),
        ("seq 5 | xargs -n1 -P4 echo | awk '{s += $1} END {print s}'", json!(15)),
        ("echo \"$0 $LINENO $(dirname \"$0\")\"", json!("program.sh 1 .")),
        ("mkfifo p; (echo through > p) & cat p; wait", json!("through")),
        ("timeout 0.1 sleep 60; echo $?", json!(124)),
        ("echo x > /dev/stderr; echo y | tee /dev/stderr", json!("y")),
        ("exit 0; echo never", json!(null)),
        // What stands before a program to tell its line changes nothing of it.
        ("false\necho \"$? $_ ${PIPESTATUS[*]} $LINENO\"", json!("1 false 1 2")),
        ("set -x\nfalse\ntrue", json!(null)),
        ("trap 'echo own' EXIT\nexit 0", json!("own")),
    ] {
        assert_eq!(bash(&place, program, &[]).json(), result, "{program}");
        for entry in fs::read_dir(place.workspace()).into_iter().flatten() {
            fs::remove_file(entry.expect("an entry").path()).expect("a file");
        }
    }
}

#[test]
fn failures_name_the_line_and_what_to_do() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    for (program, code, words) in [
        ("echo 1\nfoo --bar", 1, "program.sh:2:1: exit code 127: foo: command not found"),
        ("echo 1\nhed x", 1, "did you mean head"),
        ("exit 3", 1, "program.sh:1:1: exit code 3"),
        ("set -u\n\necho $nope", 1, "program.sh:3:1: exit code 127: nope: unbound variable"),
        ("if true\n", 1, "syntax error: unexpected end of file"),
        ("echo ok\nfi", 1, "program.sh:2:1: syntax error near unexpected token 'fi'"),
        ("echo \"open", 1, "is not closed"),
        ("kill -TERM $$", 1, "ended by SIGTERM"),
        ("mcp call up.ecko text=a", 1, "did you mean echo?"),
        ("mcp call upp.echo text=a", 1, "there is no server `upp`"),
        ("mcp call up.fail; exit $?", 1, "program.sh:1:1: up.fail failed"),
        ("exec 9>&-\nmcp call up.echo text=a", 1, "the host cannot be reached"),
        ("set -e\n\ngrep x /dev/null\n", 1, "program.sh:3:1: exit code 1 of `grep x /dev/null`"),
        ("set -e\nf() {\n  grep x /dev/null\n}\nf", 1, "program.sh:3:1: exit code 1 of `grep x /dev/null`"),
        ("set -e\nf() {\n  test $1 = 2\n}\nf 2\nf 3", 1, "program.sh:3:1: exit code 1 of `test $1 = 2`"),
        ("set -eo pipefail\necho a\nfalse | cat", 1, "program.sh:3:1: exit code 1"),
        ("set -e\nx=$(\n  exit 4\n)", 1, "exit code 4 of `x=$(exit 4)`"),
        ("die() { echo no >&2; exit 5; }\ntrue\ntest a = b || die", 1, "program.sh:3:1: exit code 5: no"),
        ("false\ntrue\nexit 6 # HERE", 1, "program.sh:3:1: exit code 6"),
        (
            "set -e\nmcp call up.fail 2> /dev/null\n",
            1,
            "program.sh:2:1: up.fail failed: it failed on purpose",
        ),
        ("trap 'echo mine >&2' EXIT\nset -e\nfalse", 1, "program.sh: exit code 1: mine"),
        ("exec 9>&-\nset -e\nfalse", 1, "program.sh: exit code 1"),
        ("printf '7\\0x\\0\\0x' >&9\ntrap - EXIT\nfalse", 1, "exit code 1 of `x`"),
    ] {
        let ended = bash(&place, program, &[]);
        assert!(ended.failure(code).contains(words), "{program}: {}", ended.err);
    }
    // Nothing of a program runs whose end cannot be read.
    assert!(!bash(&place, "echo side effect >&2\nif", &[]).err.contains("side effect\n"));
}

#[test]
fn files_are_the_workspace_and_the_outcome_names_what_changed() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    place.file("secret.txt", "secret");
    let workspace = place.workspace();
    fs::create_dir_all(workspace.join("sub")).expect("folders");
    for (name, text) in [("old.txt", "old"), ("gone.txt", "gone"), ("sub/inner.txt", "inner")] {
        fs::write(workspace.join(name), text).expect("a file");
    }
    symlink(place.project("secret.txt"), workspace.join("link.txt")).expect("a link");
    let program = "cat link.txt 2>/dev/null
before=$(cat old.txt); printf ' and new' >> old.txt; rm gone.txt; rm -r sub
mkdir -p made/deep; printf x > made/deep/x.txt; ln -s /etc/passwd planted; touch $'line\\nbreak'
rm link.txt; printf mine > link.txt; cp old.txt copy.txt; mv copy.txt moved.txt
echo \"$before\"";
    let outcome = bash(&place, program, &["--json"]).json();
    assert_eq!(outcome["result"], "old");
    let changes: Vec<_> = outcome["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| format!("{} {}", file["path"], file["change"]).replace('"', ""))
        .collect();
    let expected = [
        "gone.txt deleted",
        "link.txt created",
        "made/deep/x.txt created",
        "moved.txt created",
        "old.txt changed",
        "sub/inner.txt deleted",
    ];
    for change in expected {
        let other = change.replace("created", "changed");
        assert!(changes.iter().any(|one| *one == change || *one == other), "{change}: {changes:?}");
    }
    assert_eq!(changes.len(), expected.len(), "{changes:?}");
    assert_eq!(fs::read_to_string(place.project("secret.txt")).expect("a file"), "secret");
    assert_eq!(fs::read_to_string(workspace.join("old.txt")).expect("a file"), "old and new");
    assert!(!workspace.join("planted").is_symlink());
}

#[test]
fn a_run_ends_with_all_that_it_started() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    for program in [
        "sleep 61.5 & disown; echo done",
        "nohup setsid sleep 61.5 >/dev/null 2>&1 & echo done",
        "(setsid bash -c 'trap \"\" TERM HUP INT; (sleep 61.5 & sleep 61.5) & sleep 61.5' &) ; echo done",
        "sleep 61.5 & kill -STOP $!; echo done",
        "for n in $(seq 30); do setsid sleep 61.5 & done; echo done",
        "setsid bash -c 'while :; do echo x >> late.txt; done' & echo done",
        "coproc sleep 61.5; echo done",
        "(sleep 61.5; true) | true & echo done",
        "trap '' EXIT TERM; bash -c 'exec 1>&- 2>&-; sleep 61.5' & echo done",
    ] {
        let ended = bash(&place, program, &["--timeout", "20s"]);
        assert_eq!(ended.json(), "done", "{program}");
        assert!(ended.took < Duration::from_secs(10), "{program}: {:?}", ended.took);
        assert!(!is_somewhere("61.5"), "{program}");
    }
    let late = place.workspace().join("late.txt");
    let length = fs::metadata(&late).map_or(0, |about| about.len());
    place.nothing_is_left();
    assert_eq!(fs::metadata(&late).map_or(0, |about| about.len()), length);
}

/// Whether a process of this machine sleeps for so long, by its command line.
fn is_somewhere(seconds: &str) -> bool {
    let mine = |pid: &str| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command == format!("sleep\0{seconds}\0").into_bytes()
    };
    let entries = fs::read_dir("/proc").expect("processes").flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).any(|name| mine(&name))
}

#[test]
fn limits_end_a_program_with_words_that_help() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let timeout = ["--timeout", "1s"];
    for (program, args, code, words) in [
        ("while :; do :; done", &timeout[..], 3, "ran longer than its limit of 1 s"),
        ("sleep 62.5", &timeout, 3, "at last it ran: sleep 62.5"),
        (
            "trap '' TERM INT HUP XCPU; while :; do sleep 62.5; done",
            &timeout,
            3,
            "ran longer than its limit of 1 s",
        ),
        ("setsid sleep 62.5 & kill -STOP $$; echo", &timeout, 3, "ran longer than its limit of 1 s"),
        ("b() { b | b & }; b; sleep 62.5", &timeout, 3, "ran longer than its limit of 1 s"),
        (":(){ :|:& };:; while :; do :; done", &timeout, 3, "ran longer than its limit of 1 s"),
        ("yes >&2", &timeout, 3, "at last it ran: yes"),
        ("yes", &["--memory", "16"], 3, "the result has more than"),
        (
            "x=$(yes | head -c 300000000); echo ${#x}",
            &["--memory", "64"],
            3,
            "more than its 64 MiB of memory",
        ),
        (
            "yes | head -c 30000000 > f; for n in 1 2 3 4 5; do sort -S 25M f - & done; tail -f /dev/null",
            &["--memory", "64"],
            3,
            "more than its 64 MiB of memory",
        ),
        ("tr -d '\\n' < <(yes) | tail -n1", &["--memory", "64"], 3, "more than its 64 MiB of memory"),
        ("truncate -s 1T sparse", &[], 1, "SIGXFSZ"),
        ("for n in 1 2 3; do head -c 60000000 /dev/urandom > f$n; done", &[], 1, "No space left on device"),
        (
            "cd /tmp; for n in 1 2 3; do head -c 60000000 /dev/urandom > f$n; done",
            &[],
            1,
            "No space left on device",
        ),
        (
            "set -e; i=0; while [ $i -lt 100000 ]; do : > f$i; i=$((i+1)); done",
            &[],
            1,
            "No space left on device",
        ),
    ] {
        let began = Instant::now();
        let ended = bash(&place, program, args);
        assert!(ended.failure(code).contains(words), "{program}: {}", ended.err);
        assert!(began.elapsed() < Duration::from_secs(25), "{program}: {:?}", began.elapsed());
        assert!(!is_somewhere("62.5"), "{program}");
        if let Ok(entries) = fs::read_dir(place.workspace()) {
            entries.flatten().for_each(|entry| fs::remove_file(entry.path()).expect("a file"));
        }
    }
}

#[test]
fn a_fork_bomb_has_few_processes() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let program = "trap '' CHLD
n=0; while [ $n -lt 200 ]; do (sleep 3 & echo x >> /tmp/made) 2>/dev/null & n=$((n+1)); done 2>/dev/null
ls /proc | grep -c '^[0-9]'";
    let ended = bash(&place, program, &["--timeout", "4s"]);
    let count: Option<u64> = ended.out.trim().parse().ok();
    assert!(ended.status.code() == Some(3) || count.is_some_and(|count| count <= 70), "{ended:?}");
}
