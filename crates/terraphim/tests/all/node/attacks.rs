//! What a program under node may not do: by node's own modules, and by machine
//! code of its own, which node loads from a file of the workspace.

use std::fs;

use serde_json::{Value, json};

use super::place;

/// What is tried: JavaScript that must throw, and words of its complaint.
const REFUSED: &[(&str, &str)] = &[
    ("fs.readFileSync('/etc/passwd')", "ENOENT"),
    ("fs.readFileSync('/etc/shadow')", "ENOENT"),
    ("fs.readdirSync('/var')", "ENOENT"),
    ("fs.readdirSync('/boot')", "ENOENT"),
    ("fs.readFileSync('/root/.profile')", "ENOENT"),
    ("fs.readdirSync('/sys')", "ENOENT"),
    ("fs.readFileSync('/dev/mem')", "ENOENT"),
    ("fs.readFileSync('/proc/cpuinfo')", "ENOENT"),
    ("fs.readFileSync('/proc/kallsyms')", "ENOENT"),
    ("fs.readFileSync('/proc/sys/kernel/hostname')", "ENOENT"),
    ("fs.readFileSync('/proc/1/environ')", "EACCES"),
    ("fs.readFileSync('/proc/1/maps')", "EACCES"),
    ("fs.readFileSync('/proc/1/mem')", "EACCES"),
    ("fs.readdirSync('/proc/1/fd')", "EACCES"),
    ("fs.readdirSync('/proc/1/root')", "EACCES"),
    ("fs.readdirSync('/proc/1/cwd')", "EACCES"),
    ("fs.writeFileSync('/proc/1/fd/3', 'x')", "EACCES"),
    ("fs.writeFileSync('/proc/self/mem', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('/proc/self/oom_score_adj', '1000')", "EROFS|EACCES"),
    ("fs.writeFileSync('/proc/self/uid_map', '0 0 1')", "EROFS|EACCES"),
    ("fs.writeFileSync('/planted', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('/etc/planted', 'x')", "EROFS|EACCES|ENOENT"),
    ("fs.writeFileSync('/usr/lib/planted', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('/store/planted', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('/dev/planted', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('/terraphim/node.js', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync('../outside', 'x')", "EROFS|EACCES"),
    ("fs.writeFileSync(process.execPath, 'x')", "EROFS|EACCES|ETXTBSY"),
    ("fs.unlinkSync(process.execPath)", "EROFS|EACCES"),
    ("fs.chmodSync(process.execPath, 0o777)", "EROFS|EPERM"),
    ("fs.chmodSync('/dev/null', 0o777)", "EROFS|EPERM"),
    ("fs.utimesSync('/dev/null', 0, 0)", "EROFS|EPERM|EACCES"),
    ("fs.renameSync('/usr', '/workspace/usr')", "EXDEV|EROFS|EBUSY"),
    ("fs.linkSync(process.execPath, 'node')", "EXDEV|EROFS"),
    ("fs.chownSync('.', 0, 0)", "EPERM"),
    ("fs.symlinkSync('/etc/passwd', 'l'); fs.readFileSync('l')", "ENOENT"),
    ("fs.symlinkSync('/proc/1/root', 'r'); fs.readdirSync('r/')", "EACCES"),
    ("fs.symlinkSync('/', 'top'); fs.writeFileSync('top/planted', 'x')", "EROFS|EACCES"),
    (
        "new Promise((_, no) => net.connect(80, '127.0.0.1').on('error', no).on('connect', () => no('open')))",
        "EPERM",
    ),
    (
        "new Promise((_, no) => net.connect(80, '::1').on('error', no).on('connect', () => no('open')))",
        "EPERM",
    ),
    (
        "new Promise((_, no) => net.connect('/tmp/s').on('error', no).on('connect', () => no('open')))",
        "EPERM",
    ),
    ("new Promise((_, no) => net.connect('\\0s').on('error', no).on('connect', () => no('open')))", "EPERM"),
    ("new Promise((ok, no) => net.createServer().on('error', no).listen(0, ok))", "EPERM"),
    ("new Promise((ok, no) => net.createServer().on('error', no).listen('/workspace/s', ok))", "EPERM"),
    ("new Promise((ok, no) => net.createServer().on('error', no).listen('\\0s', ok))", "EPERM"),
    (
        "new Promise((ok, no) => { const s = require('dgram').createSocket('udp4'); s.on('error', no); s.bind(0, ok) })",
        "EPERM",
    ),
    (
        "new Promise((ok, no) => require('dns').lookup('example.com', (e) => (e ? no(e) : ok())))",
        "EAI_AGAIN|ENOTFOUND",
    ),
    (
        "new Promise((ok, no) => require('http').get('http://127.0.0.1').on('error', no).on('response', ok))",
        "EPERM",
    ),
    ("fetch('http://127.0.0.1')", "no program has a network"),
    ("new WebSocket('ws://127.0.0.1')", "no program has a network|not defined"),
    (
        "{ const t = new (process.binding('tcp_wrap').TCP)(0); const n = t.bind('127.0.0.1', 0); if (n) throw new Error(`bind ${n}`) }",
        "bind -1",
    ),
    ("child.execFileSync(process.execPath, ['-v'])", "EPERM"),
    ("child.execSync('true')", "EPERM"),
    ("new Promise((ok, no) => child.spawn('/bin/sh').on('error', no).on('spawn', ok))", "EPERM"),
    ("new Promise((ok, no) => child.fork('x.js').on('error', no).on('spawn', ok))", "EPERM"),
    (
        "{ const p = new (process.binding('process_wrap').Process)(); const n = p.spawn({ file: process.execPath, args: [], stdio: [] }); if (n) throw new Error(`spawn ${n}`) }",
        "spawn -1",
    ),
    ("process.kill(1, 'SIGKILL')", "EPERM"),
    ("process.kill(1, 'SIGSTOP')", "EPERM"),
    ("process.kill(-1, 'SIGTERM')", "ESRCH|EPERM"),
    ("process.setuid(0)", "EPERM"),
    ("process.setgroups([0])", "EPERM"),
    ("os.setPriority(-10)", "EPERM|EACCES|operation not permitted|permission denied"),
    ("os.networkInterfaces()", "error"),
    ("process.dlopen({ exports: {} }, '/workspace/none.node')", "ERR_DLOPEN_FAILED"),
    ("fs.watch('.')", "EPERM"),
    (
        "new Promise((ok, no) => new Worker('fs.readFileSync(\"/etc/passwd\")', { eval: true }).on('error', no).on('exit', ok))",
        "not defined|ENOENT",
    ),
    (
        "new Promise((ok, no) => new Worker('require(\"fs\").readFileSync(\"/etc/passwd\")', { eval: true }).on('error', no).on('exit', ok))",
        "ENOENT",
    ),
    (
        "new Promise((ok, no) => new Worker('require(\"child_process\").execSync(\"true\")', { eval: true }).on('error', no).on('exit', ok))",
        "EPERM",
    ),
];

#[test]
fn a_program_reaches_nothing_of_the_machine() {
    let Some(place) = place(&[]) else { return };
    let mut program = String::from(
        "const fs = require('fs'), net = require('net'), os = require('os'), child = require('child_process');
const { Worker } = require('worker_threads');
const told = [];
const attempt = async (action) => {
  try { await action(); told.push(null); } catch (error) { told.push(`${error.code} ${error.message ?? error}`); }
};\n",
    );
    for (tried, _) in REFUSED {
        let body = if tried.starts_with('{') { (*tried).to_owned() } else { returning(tried) };
        program.push_str(&format!("await attempt(async () => {body});\n"));
    }
    program.push_str("return told");
    let told = place.node(&program, &[]).json();
    let told = told.as_array().expect("a list");
    assert_eq!(told.len(), REFUSED.len());
    for ((tried, words), told) in REFUSED.iter().zip(told) {
        let told = told.as_str().unwrap_or_else(|| panic!("{tried} succeeded"));
        assert!(words.split('|').any(|words| told.contains(words)), "{tried}: {told}");
    }
}

/// Statements as a block that gives the value of the last one.
fn returning(statements: &str) -> String {
    match statements.rsplit_once("; ").filter(|_| statements.starts_with("fs.")) {
        Some((before, last)) => format!("{{ {before}; return {last} }}"),
        None => format!("{{ return {statements} }}"),
    }
}

#[test]
fn a_program_has_no_privilege_and_nothing_of_the_hosts_surroundings() {
    let Some(place) = place(&[]) else { return };
    let program = "
const fs = require('fs');
const status = fs.readFileSync('/proc/self/status', 'utf8').split('\\n');
const shown = name => status.find(line => line.startsWith(name + ':')).split(':')[1].trim();
return {
  caps: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(shown), mode: [shown('NoNewPrivs'), shown('Seccomp')],
  environment: Object.keys(process.env).sort(), id: [process.getuid(), process.geteuid()], parent: process.ppid,
  processes: fs.readdirSync('/proc').filter(name => /^[0-9]/.test(name)).length, host: require('os').hostname(),
  devices: fs.readdirSync('/dev').sort(), store: fs.readdirSync('/store'), folder: fs.readdirSync('/workspace'),
  mounts: fs.readFileSync('/proc/self/mountinfo', 'utf8').includes('terraphim-test'),
}";
    let told = place.node(program, &[]).json();
    assert_eq!(told["caps"], Value::from(vec!["0000000000000000"; 5]));
    assert_eq!(told["mode"], json!(["1", "2"]));
    let environment = json!(["HOME", "LANG", "PATH", "PWD", "TMPDIR", "TZ", "UV_USE_IO_URING"]);
    assert_eq!(told["environment"], environment);
    assert_eq!(told["id"], json!([1000, 1000]));
    assert_eq!((&told["parent"], &told["processes"]), (&json!(1), &json!(2)));
    assert_eq!(told["host"], "jail");
    assert_eq!(told["devices"], json!(["null", "random", "urandom"]));
    assert_eq!((&told["store"], &told["folder"]), (&json!([]), &json!([])));
    assert_eq!(told["mounts"], json!(false), "a path of the host is shown");
}

/// Frames that a program writes by itself, and a word of what comes of it.
const FORGED: &[(&str, &str)] = &[
    ("Buffer.from([255, 255, 255, 255, 17])", "broke the protocol"),
    ("Buffer.from([0, 0, 0, 0, 19])", "broke the protocol"),
    ("Buffer.from([1, 0, 0, 0, 99])", "broke the protocol"),
    ("Buffer.from([1, 0, 0, 0, 21])", "broke the protocol"),
    ("Buffer.from([3, 0, 0, 0, 19, 255, 254])", "broke the protocol"),
    ("Buffer.from([6, 0, 0, 0, 17, 1, 0, 0, 0, 9])", "broke the protocol"),
    ("Buffer.from([0, 0, 0, 8, 18])", "broke the protocol"),
    ("Buffer.from([0, 0, 0, 127, 19])", "the result has 2130706431 bytes"),
    ("Buffer.from([4, 0, 0, 0, 19, 110, 111, 33])", "JSON"),
    ("Buffer.from([1, 0, 0, 0, 66])", "exports no"),
];

#[test]
fn a_forged_frame_ends_the_run_and_nothing_else() {
    let Some(place) = place(&[]) else { return };
    for (bytes, words) in FORGED {
        let program = format!("require('fs').writeSync(9, {bytes});\nfor (;;);");
        let ended = place.node(&program, &["--timeout", "10s"]);
        assert_ne!(ended.status.code(), Some(0), "{bytes}");
        assert!(ended.err.contains(words), "{bytes}: {}", ended.err);
    }
    // A second end is not heard, and what a program says of itself is only its own.
    let program = "require('fs').writeSync(9, Buffer.from([2, 0, 0, 0, 64, 91]));\nreturn 'mine'";
    assert_eq!(place.node(program, &[]).json(), "mine");
}

#[test]
fn spoiled_intrinsics_harm_the_program_alone() {
    let Some(place) = place(&[("up", &[])]) else { return };
    let program = "
import { up } from 'mcp-servers';
JSON.parse = JSON.stringify = () => { throw new Error('spoiled') };
Promise.prototype.then = function () { return this };
Array.prototype.push = () => 0;
Object.defineProperty(Error, 'prepareStackTrace', { value: () => 'spoiled' });
return 1";
    let ended = place.node(program, &["--timeout", "5s"]);
    let told: Value = json!([ended.status.code(), ended.err]);
    assert!(told[0].as_i64().is_some_and(|code| code < 4), "{told}");
}

/// A library whose loading makes these calls, with five arguments each, writes
/// what each answered to `/workspace/answers` as `i32`s, and ends the process.
#[cfg(target_arch = "x86_64")]
fn library(calls: &[(u32, [u32; 5])]) -> Vec<u8> {
    const DYNAMIC: u64 = 64 + 3 * 56;
    const TEXTS: u64 = DYNAMIC + 7 * 16;
    const SYMBOLS: u64 = TEXTS + 8;
    const HASH: u64 = SYMBOLS + 24;
    const PATH: u64 = HASH + 16;
    const CODE: u64 = PATH + 24;
    // The opcodes that load EAX, EDI, ESI, EDX, R10D and R8D.
    let loads: [&[u8]; 6] = [&[0xB8], &[0xBF], &[0xBE], &[0xBA], &[0x41, 0xBA], &[0x41, 0xB8]];
    let mut body = Vec::new();
    for (at, (number, arguments)) in (0_u32..).zip(calls) {
        for (load, value) in loads.iter().zip(std::iter::once(number).chain(arguments)) {
            body.extend_from_slice(load);
            body.extend_from_slice(&value.to_le_bytes());
        }
        // syscall; mov [rbx + 4 * at], eax
        body.extend_from_slice(&[0x0F, 0x05, 0x89, 0x83]);
        body.extend_from_slice(&(4 * at).to_le_bytes());
    }
    // mov eax, 2; lea rdi, [path]; mov esi, O_CREAT | O_WRONLY; mov edx, 0o644; syscall
    body.extend_from_slice(&[0xB8, 2, 0, 0, 0, 0x48, 0x8D, 0x3D]);
    let path = PATH.cast_signed() - (CODE + 7 + body.len() as u64 + 4).cast_signed();
    body.extend_from_slice(&i32::try_from(path).expect("it is near").to_le_bytes());
    body.extend_from_slice(&[0xBE, 0x41, 0, 0, 0, 0xBA, 0xA4, 1, 0, 0, 0x0F, 0x05]);
    // mov edi, eax; mov eax, 1; mov rsi, rbx; mov edx, length; syscall; mov eax, 231; xor edi, edi; syscall
    body.extend_from_slice(&[0x89, 0xC7, 0xB8, 1, 0, 0, 0, 0x48, 0x89, 0xDE, 0xBA]);
    body.extend_from_slice(&u32::try_from(4 * calls.len()).expect("few").to_le_bytes());
    body.extend_from_slice(&[0x0F, 0x05, 0xB8, 231, 0, 0, 0, 0x31, 0xFF, 0x0F, 0x05]);
    // lea rbx, [results], which stand behind the code.
    let mut code = vec![0x48, 0x8D, 0x1D];
    code.extend_from_slice(&u32::try_from(body.len()).expect("short").to_le_bytes());
    code.extend_from_slice(&body);
    let size = CODE + code.len() as u64 + 4 * calls.len() as u64;
    let mut file = vec![0x7F, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let half = |file: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|v| file.extend(v.to_le_bytes()));
    let word = |file: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|v| file.extend(v.to_le_bytes()));
    let long = |file: &mut Vec<u8>, values: &[u64]| values.iter().for_each(|v| file.extend(v.to_le_bytes()));
    half(&mut file, &[3, 62]);
    word(&mut file, &[1]);
    long(&mut file, &[0, 64, 0]);
    word(&mut file, &[0]);
    half(&mut file, &[64, 56, 3, 64, 0, 0]);
    // What is loaded, all in one; where the table below is; a stack that is not executed.
    for (kind, flags, offset, length, align) in
        [(1, 7, 0, size, 4096), (2, 6, DYNAMIC, 7 * 16, 8), (0x6474_E551, 6, 0, 0, 16)]
    {
        word(&mut file, &[kind, flags]);
        long(&mut file, &[offset, offset, offset, length, length, align]);
    }
    long(&mut file, &[4, HASH, 5, TEXTS, 6, SYMBOLS, 10, 8, 11, 24, 12, CODE, 0, 0]);
    file.extend_from_slice(&[0; 32]);
    word(&mut file, &[1, 1, 0, 0]);
    file.extend_from_slice(b"/workspace/answers\0\0\0\0\0\0");
    file.extend_from_slice(&code);
    file.resize(usize::try_from(size).expect("short"), 0);
    file
}

#[test]
#[cfg(target_arch = "x86_64")]
fn machine_code_is_behind_the_same_filter() {
    const EPERM: i32 = -1;
    const EBADF: i32 = -9;
    const EFAULT: i32 = -14;
    const EINVAL: i32 = -22;
    let Some(place) = place(&[]) else { return };
    let mut calls: Vec<(&str, u32, [u32; 5], i32)> = crate::bash::REFUSED_CALLS
        .iter()
        .map(|(name, number, [a, b, c, d])| (*name, *number, [*a, *b, *c, *d, 0], EPERM))
        .collect();
    calls.extend([
        ("fork", 57, [0; 5], EPERM),
        ("vfork", 58, [0; 5], EPERM),
        ("clone of a process", 56, [17, 0, 0, 0, 0], EPERM),
        ("execve", 59, [0; 5], EPERM),
        ("execveat of another", 322, [9, 0, 0, 0, 0x1000], EPERM),
        // Its filter lets it through, but nothing is there, and nothing can be put there.
        ("execveat once more", 322, [1000, 0, 0, 0, 0x1000], EFAULT),
        ("fcntl of its descriptor", 72, [1000, 1, 0, 0, 0], EBADF),
        ("dup2 to its descriptor", 33, [9, 1000, 0, 0, 0], EBADF),
        ("dup3 to its descriptor", 292, [9, 1000, 0, 0, 0], EBADF),
        ("F_DUPFD from its descriptor on", 72, [9, 0, 1000, 0, 0], EINVAL),
        ("setsid", 112, [0; 5], EPERM),
        ("setrlimit", 160, [7, 0, 0, 0, 0], EPERM),
        ("inotify_init1", 294, [0; 5], EPERM),
        ("pkey_alloc", 330, [0; 5], EPERM),
        ("landlock_create_ruleset", 444, [0, 0, 1, 0, 0], EPERM),
        // One that is let through, so that the code is known to run: its own number.
        ("getpid", 39, [0; 5], 2),
    ]);
    let numbers: Vec<_> = calls.iter().map(|(_, number, arguments, _)| (*number, *arguments)).collect();
    fs::create_dir_all(place.workspace()).expect("a folder");
    fs::write(place.workspace().join("code.node"), library(&numbers)).expect("a file");
    let program = "process.dlopen({ exports: {} }, '/workspace/code.node')";
    let ended = place.node(program, &["--timeout", "10s"]);
    assert!(ended.failure(1).contains("exit code 0"), "{}", ended.err);
    let told =
        fs::read(place.workspace().join("answers")).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let told: Vec<i32> =
        told.chunks_exact(4).map(|one| i32::from_le_bytes([one[0], one[1], one[2], one[3]])).collect();
    assert_eq!(told.len(), calls.len());
    for ((name, _, _, expected), answer) in calls.iter().zip(told) {
        assert_eq!(answer, *expected, "{name}");
    }
}
