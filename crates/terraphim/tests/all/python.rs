//! Python programs through the real binary: the jail, the folder, the limits.

use std::{fs, os::unix::fs::symlink, time::Instant};

use serde_json::json;

use crate::place::Place;

/// What a program may not do, as an expression each, and what it is told.
const REFUSED: &[(&str, &str)] = &[
    ("__import__('socket').socket()", "PermissionError"),
    ("__import__('socket').socket(16, 3)", "PermissionError"),
    ("__import__('socket').socket(40, 1)", "PermissionError"),
    ("os.fork()", "PermissionError"),
    ("os.kill(1, 9)", "PermissionError"),
    ("os.kill(-1, 9)", "PermissionError"),
    ("subprocess.run(['/bin/sh'])", "PermissionError"),
    ("os.execv('/usr/bin/env', ['env'])", "PermissionError"),
    ("os.chroot('.')", "PermissionError"),
    ("os.mkfifo('fifo')", "PermissionError"),
    ("os.mknod('node')", "PermissionError"),
    ("os.setuid(0)", "PermissionError"),
    ("os.chown('.', 0, 0)", "PermissionError"),
    ("os.nice(-5)", "PermissionError"),
    ("os.memfd_create('x')", "PermissionError"),
    ("__import__('resource').setrlimit(9, (-1, -1))", "ValueError"),
    ("__import__('mmap').mmap(-1, 4096)", "PermissionError"),
    ("__import__('multiprocessing').shared_memory", "AttributeError"),
    ("open('/etc/passwd')", "FileNotFoundError"),
    ("open('/proc/self/environ')", "FileNotFoundError"),
    ("os.listdir('/sys')", "FileNotFoundError"),
    ("os.listdir('/home')", "FileNotFoundError"),
    ("open('/dev/mem')", "FileNotFoundError"),
    ("open('/usr/lib/planted', 'w')", "OSError"),
    ("open('/planted', 'w')", "OSError"),
    ("os.mkdir('/store/planted')", "OSError"),
    ("os.listdir('/store')[0]", "IndexError"),
    ("open('../../outside', 'w')", "OSError"),
    ("call('mount', b'none', b'/tmp', b'tmpfs', 0, None)", "EPERM"),
    ("call('unshare', 0x10000000)", "EPERM"),
    ("call('ptrace', 16, 1, 0, 0)", "EPERM"),
    ("call('setns', 0, 0)", "EPERM"),
    ("call('syscall', 425, 1, 0)", "EPERM"),
    ("call('syscall', 321, 0, 0, 0)", "EPERM"),
    ("call('syscall', 323, 0)", "EPERM"),
    ("call('syscall', 250, 0, 0)", "EPERM"),
    ("call('syscall', 298, 0, 0, 0, 0, 0)", "EPERM"),
    ("call('syscall', 310, 1, 0, 0, 0, 0, 0)", "EPERM"),
    ("call('syscall', 440, 0, 0, 0, 0)", "EPERM"),
    ("call('prctl', 4, 1, 0, 0, 0)", "EPERM"),
    ("call('syscall', 436, 240, 241, 2)", "EPERM"),
    ("__import__('mmap').mmap(-1, 1 << 20, flags=0x122)", "PermissionError"),
    ("os.utime('/dev/null')", "OSError"),
    ("__import__('fcntl').flock(open(os.__file__), 2)", "OSError"),
    ("os.setxattr('/workspace', 'user.overlay.opaque', b'y')", "OSError"),
];

#[test]
fn a_program_reaches_nothing_of_the_machine() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let checks: Vec<_> = REFUSED.iter().map(|(code, _)| *code).collect();
    let program = format!(
        "import ctypes, errno, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) != -1:
        return 'done'
    raise Exception(errno.errorcode[ctypes.get_errno()])
def told(code):
    try:
        return repr(eval(code))
    except Exception as error:
        words = str(error)
        return words if type(error) is Exception else type(error).__mro__[0].__name__
[told(code) for code in {}]",
        json!(checks)
    );
    let answers = place.python(&program, &[]).json();
    for ((code, expected), answer) in REFUSED.iter().zip(answers.as_array().expect("a list")) {
        let answer = answer.as_str().expect("a text");
        // Which of the two is told depends on which wall is met first.
        let write = *expected == "OSError" && ["OSError", "PermissionError"].contains(&answer);
        assert!(write || answer == *expected, "{code}: {answer}");
    }
    assert_eq!(fs::read_dir(place.workspace()).expect("a workspace").count(), 0);
}

#[test]
fn a_program_has_no_privilege_and_nothing_of_the_hosts_surroundings() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let program = "import os, sys
status = {name: getattr(os, name)() for name in ('getuid', 'geteuid', 'getgid', 'getpid', 'getppid')}
[status, sorted(os.environ), os.getcwd(), sorted(os.listdir('/dev')), sys.argv, os.uname().nodename]";
    let told = place.python(program, &[]).json();
    assert_eq!(told[0]["getuid"], 1000);
    assert_eq!(told[0]["geteuid"], 1000);
    assert_eq!(told[0]["getppid"], 1);
    let names = told[1].as_array().expect("names");
    assert!(!names.iter().any(|name| name == "XDG_DATA_HOME" || name == "USER"), "{names:?}");
    assert_eq!(told[2], "/workspace");
    assert_eq!(told[3], json!(["null", "random", "urandom"]));
    assert_eq!(told[5], "jail");
}

#[test]
fn files_are_the_workspace_and_the_outcome_names_what_changed() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let workspace = place.workspace();
    fs::create_dir_all(workspace.join("sub/deep")).expect("folders");
    for (name, text) in [("old.txt", "old"), ("gone.txt", "gone"), ("sub/deep/inner.txt", "inner")] {
        fs::write(workspace.join(name), text).expect("a file");
    }
    let program = "import os, shutil
before = open('old.txt').read()
open('old.txt', 'a').write(' and new')
os.remove('gone.txt')
shutil.rmtree('sub')
os.makedirs('sub/other')
open('sub/other/made.txt', 'w').write('made')
os.symlink('/etc/passwd', 'link')
open('line\\nbreak', 'w').write('x')
before";
    let outcome = place.python(program, &["--json"]).json();
    assert_eq!(outcome["result"], "old");
    let changes: Vec<_> = outcome["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| format!("{} {} {}", file["path"], file["change"], file["bytes"]).replace('"', ""))
        .collect();
    let expected = [
        "gone.txt deleted 0",
        "old.txt changed 11",
        "sub/deep/inner.txt deleted 0",
        "sub/other/made.txt created 4",
    ];
    assert_eq!(changes, expected);
    let logs = outcome["logs"].as_str().expect("logs");
    assert!(logs.contains("link: it is neither a file nor a folder"), "{logs}");
    assert!(logs.contains("its name has control characters"), "{logs}");
    assert_eq!(fs::read_to_string(workspace.join("old.txt")).expect("a file"), "old and new");
    assert_eq!(fs::read_to_string(workspace.join("sub/other/made.txt")).expect("a file"), "made");
    assert!(!workspace.join("gone.txt").exists() && !workspace.join("sub/deep").exists());
    assert!(!workspace.join("link").is_symlink());
    let again = place.python("sorted(__import__('os').listdir('.'))", &[]).json();
    assert_eq!(again, json!(["old.txt", "sub"]));
}

#[test]
fn a_failed_program_leaves_the_workspace_as_it_was_where_that_is_asked_for() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let program = "open('a.txt', 'w').write('a')\nraise ValueError('no')";
    let rolled_back = place.python(program, &["--rollback-on-failure"]);
    assert!(rolled_back.failure(1).contains("ValueError: no"), "{}", rolled_back.err);
    assert!(!place.workspace().join("a.txt").exists());
    place.python(program, &[]).failure(1);
    assert_eq!(fs::read_to_string(place.workspace().join("a.txt")).expect("a file"), "a");
}

#[test]
fn what_lies_in_the_workspace_leads_nowhere() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    place.file("secret.txt", "secret");
    let workspace = place.workspace();
    fs::create_dir_all(&workspace).expect("a folder");
    symlink(place.project("secret.txt"), workspace.join("link.txt")).expect("a link");
    symlink(place.project(""), workspace.join("folder")).expect("a link");
    let program = "import os
told = []
for code in [lambda: open('link.txt').read(), lambda: os.listdir('folder')]:
    try:
        told.append(code())
    except OSError as error:
        told.append(type(error).__name__)
os.remove('link.txt')
open('link.txt', 'w').write('mine')
os.remove('folder')
os.mkdir('folder')
open('folder/secret.txt', 'w').write('mine')
told";
    assert_eq!(place.python(program, &[]).json(), json!(["FileNotFoundError", "FileNotFoundError"]));
    assert_eq!(fs::read_to_string(place.project("secret.txt")).expect("a file"), "secret");
    assert_eq!(fs::read_to_string(workspace.join("link.txt")).expect("a file"), "mine");
    assert_eq!(fs::read_to_string(workspace.join("folder/secret.txt")).expect("a file"), "mine");
}

#[test]
fn limits_end_a_program_with_words_that_help() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    for (program, args, words) in [
        ("while True:\n    pass", ["--timeout", "700ms"], "ran longer than its limit of 0.7 s, at line"),
        (
            "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True:\n    pass",
            ["--timeout", "700ms"],
            "ran longer than its limit of 0.7 s",
        ),
        ("b = bytearray(200 << 20)", ["--memory", "64"], "used more than its 64 MiB of memory"),
        (
            "held = []\nwhile True:\n    held.append(bytearray(1 << 20))",
            ["--memory", "64"],
            "used more than its 64 MiB of memory",
        ),
    ] {
        let began = Instant::now();
        let ended = place.python(program, &args);
        assert!(ended.failure(3).contains(words), "{program}: {}", ended.err);
        assert!(began.elapsed().as_secs() < 20, "{program}");
    }
    let threads = "import threading, time
try:
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError:
    pass
time.sleep(60)";
    let many = place.python(threads, &[]);
    assert!(many.failure(3).contains("more than 32 threads beside its first one"), "{}", many.err);
    let few = "from concurrent.futures import ThreadPoolExecutor
import time
with ThreadPoolExecutor(32) as pool:
    list(pool.map(lambda _: time.sleep(0.3), range(64)))
'done'";
    assert_eq!(place.python(few, &[]).json(), "done");
    let full = place.python("open('big', 'wb').write(bytes(1 << 20) * 300)", &["--memory", "1024"]);
    assert!(full.failure(1).contains("No space left on device"), "{}", full.err);
}

#[test]
fn tools_are_called_one_by_one_and_at_once() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_python() {
        return;
    }
    let alone = "from mcp_servers import up\nup.echo(text='a')";
    let echoed = place.python(alone, &[]).json();
    let together = "import asyncio
from concurrent.futures import ThreadPoolExecutor
from mcp_servers import up
first = await up.echo(text='a')
many = await asyncio.gather(*[up.echo(text='a') for _ in range(20)])
with ThreadPoolExecutor(4) as pool:
    threads = list(pool.map(lambda _: up.echo(text='a'), range(8)))
[first == many[0], len(many), len(threads), all(one == first for one in many), first]";
    let told = place.python(together, &[]).json();
    assert_eq!(told, json!([true, 20, 8, true, echoed]));
}

/// Memory that RLIMIT_DATA does not count.
#[test]
fn there_is_no_way_around_the_limit_of_memory() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let head = "import ctypes, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
size = 16 << 20
";
    let read_only = "for _ in range(64):
    at = libc.mmap(None, size, 3, 0x22, -1, 0)
    if at == ctypes.c_void_p(-1).value:
        break
    ctypes.memset(at, 1, size)
    libc.mprotect(at, size, 1)
time.sleep(60)";
    let tables = "at = libc.mmap(None, 512 << 30, 1, 0x4022, -1, 0)
'refused' if at == ctypes.c_void_p(-1).value else 'given'";
    let args = ["--memory", "64"];
    let held = place.python(&format!("{head}{read_only}"), &args);
    assert!(held.failure(3).contains("memory"), "{}", held.err);
    assert_eq!(place.python(&format!("{head}{tables}"), &args).json(), "refused");
}

#[test]
fn what_others_follow_is_not_taken_and_what_is_shut_is() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let program = "import os, shutil
for name in ['.mcp.json', 'terraphim.toml', 'sub/.MCP.JSON', '.git/hooks/pre-commit', 'data', 'results']:
    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
    open(name, 'w').write('{}')
os.mkdir('closed')
open('closed/a', 'w').write('a')
os.chmod('closed/a', 0)
os.chmod('closed', 0)
open('b', 'w').write('b')
shutil.copy2('b', 'c')
None";
    let outcome = place.python(program, &["--json"]).json();
    let names: Vec<_> =
        outcome["files"].as_array().expect("files").iter().map(|file| file["path"].clone()).collect();
    assert_eq!(names, ["b", "c", "closed/a"], "{outcome}");
    let logs = outcome["logs"].as_str().expect("logs");
    for words in ["settings of the sandbox", "what git executes", "a folder of the workspace"] {
        assert!(logs.contains(words), "{words}: {logs}");
    }
    assert!(!place.workspace().join(".mcp.json").exists());
    assert_eq!(fs::read_to_string(place.workspace().join("closed/a")).expect("a file"), "a");
}

#[test]
fn folders_count_and_so_do_threads() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let folders =
        |name: &str| format!("import os\nfor i in range(6000):\n    os.mkdir(f'{name}{{i}}')\nNone");
    place.python(&folders("a"), &[]).success();
    let full = place.python(&folders("b"), &[]);
    assert!(full.failure(3).contains("more than 10000 files"), "{}", full.err);
    let spins = "import threading, time
def spin():
    until = time.thread_time() + 0.5
    while time.thread_time() < until:
        pass
thread = threading.Thread(target=spin)
thread.start()
thread.join()";
    let usage = &place.python(spins, &["--json"]).json()["usage"];
    assert!(usage["cpu_ms"].as_f64().is_some_and(|cpu| cpu >= 450.0), "{usage}");
    let silent = place.python("import os, time\nos.close(3)\ntime.sleep(60)", &[]);
    assert!(silent.failure(4).contains("protocol"), "{}", silent.err);
}

#[test]
fn a_server_whose_name_is_a_word_of_the_language_is_imported_with_an_underscore() {
    let place = Place::with_servers(&[("from", &[])]);
    if !place.has_python() {
        return;
    }
    let program = "from mcp_servers import from_\nfrom_.add(a=1, b=2)";
    assert_eq!(place.python(program, &["--allow", "from.*"]).json(), json!({ "sum": 3 }));
    let wrong = place.python("from mcp_servers import class_", &[]);
    assert!(wrong.failure(1).contains("there is no server `class_`"), "{}", wrong.err);
}

#[test]
fn names_of_tools_do_not_depend_on_the_order_of_a_list() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    for names in [["from", "from_", "class"], ["from_", "class", "from"]] {
        let lines = names.map(|name| {
            json!({ "tool": { "name": name, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } } })
                .to_string()
        });
        place.file("tools.jsonl", lines.join("\n"));
        let file = place.project("tools.jsonl");
        let entry = place.server("up", &["--definitions", file.to_str().expect("a path")]);
        place.file(".mcp.json", json!({ "mcpServers": { "up": entry } }).to_string());
        let program =
            "from mcp_servers import up\n[repr(tool) for tool in (up.from_, getattr(up, 'from'), up.class_)]";
        let told = place.python(program, &[]).json();
        assert_eq!(told, json!(["<tool up.from_>", "<tool up.from>", "<tool up.class>"]), "{names:?}");
    }
}
