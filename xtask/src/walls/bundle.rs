//! A container without an image: the machine's own programs and the project,
//! read-only and at their own paths, so that test programs find everything
//! where they were built to look for it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    environments::{Calls, Identity, Shape, USER},
    folders,
};
use crate::{
    error::Error,
    process::{self, Ended},
    tree,
};

/// Folders of the machine that programs need.
const SYSTEM: &[&str] = &["/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64"];

/// Makes namespaces.
const MAKES_NAMESPACES: &[&str] = &["unshare", "setns"];

/// Needs capabilities in a namespace.
const NEEDS_PRIVILEGES: &[&str] = &["mount", "umount2", "pivot_root", "sethostname", "setdomainname"];

/// Refused by the runtimes' default profiles to whoever lacks CAP_SYS_ADMIN and its like.
const REFUSED_IN_CONTAINERS: &[&str] = &[
    "acct",
    "add_key",
    "bpf",
    "clock_adjtime",
    "clock_settime",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "quotactl",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "vhangup",
];

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
const NAMESPACE_FLAGS: &[u32] =
    &[0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];

/// What the runtimes leave to root.
const CONTAINER_CAPABILITIES: &[&str] = &[
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// What of `/proc` containers do not see, and what they cannot change.
const MASKED: &[&str] = &["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi"];
const READ_ONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Forbids further namespaces, then gives up what that took.
const LAST_NAMESPACE: &str = "echo 0 > /proc/sys/user/max_user_namespaces && \
    exec setpriv --ambient-caps=-all --inh-caps=-all --bounding-set=-all -- \"$@\"";

/// What [`LAST_NAMESPACE`] takes, inside a user namespace of its own.
const FORBIDS: &[&str] = &["CAP_SYS_RESOURCE", "CAP_SETPCAP"];

/// One container's folder; gone when dropped.
pub(super) struct Bundle {
    folder: PathBuf,
    shape: Shape,
}

impl Bundle {
    pub(super) fn new(name: &str, shape: Shape) -> Result<Self, Error> {
        let folder = tree::target_folder()?.join("walls").join(format!("{name}-{}", std::process::id()));
        let shared = folder.join("rootfs/tmp");
        // A runtime gives a file system that it mounts the permissions of the folder under it.
        fs::create_dir_all(&shared)
            .and_then(|()| fs::set_permissions(&shared, Permissions::from_mode(0o1777)))
            .map_err(Error::io(format!("make {}", folder.display())))?;
        Ok(Self { folder, shape })
    }

    /// Runs a program in a new container to its end; whatever is left of it then is killed.
    pub(super) fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        deadline: Duration,
    ) -> Result<Ended, Error> {
        let mut words = vec![program.display().to_string()];
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        let configuration = self.configuration(words, folder)?;
        let file = self.folder.join("config.json");
        fs::write(&file, configuration.to_string())
            .map_err(Error::io(format!("write {}", file.display())))?;
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let name = format!("terraphim-walls-{}-{number}", std::process::id());
        let bundle = self.folder.display().to_string();
        let ended = process::capture(self.runtime().args(["run", "--bundle", &bundle, &name]), deadline);
        // It is gone already, unless it did not end in time.
        let _ = process::capture(self.runtime().args(["delete", "--force", &name]), Duration::from_secs(60));
        ended
    }

    fn runtime(&self) -> Command {
        let mut command = Command::new("runc");
        command.arg("--root").arg(self.folder.join("state"));
        command
    }

    fn configuration(&self, words: Vec<String>, folder: &Path) -> Result<Value, Error> {
        let Shape { identity, calls, contained } = self.shape;
        let (id, capabilities, words) = match identity {
            Identity::User => (USER, &[] as &[&str], words),
            Identity::UserOfLastNamespace => {
                let before = ["/bin/sh", "-c", LAST_NAMESPACE, "sh"].map(str::to_owned);
                (USER, FORBIDS, before.into_iter().chain(words).collect())
            }
            Identity::RootOfContainer => (0, CONTAINER_CAPABILITIES, words),
            Identity::RootInName => (0, &[] as &[&str], words),
        };
        // A user that is not root keeps capabilities over a start as ambient ones only.
        let kept = if id == 0 { &[] } else { capabilities };
        let mut linux = Map::from_iter([("namespaces".to_owned(), self.namespaces())]);
        if identity == Identity::UserOfLastNamespace {
            // Every id inside is the same one outside.
            let mapping = json!([{ "containerID": 0, "hostID": 0, "size": 65_536 }]);
            linux.insert("uidMappings".into(), mapping.clone());
            linux.insert("gidMappings".into(), mapping);
        }
        if let Some(filter) = filter(calls) {
            linux.insert("seccomp".into(), filter);
        }
        if contained {
            linux.insert("maskedPaths".into(), json!(MASKED));
            linux.insert("readonlyPaths".into(), json!(READ_ONLY));
        }
        Ok(json!({
            "ociVersion": "1.0.2",
            "root": { "path": "rootfs", "readonly": true },
            "process": {
                "terminal": false,
                "noNewPrivileges": true,
                "user": { "uid": id, "gid": id },
                "args": words,
                "env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp", "RUST_BACKTRACE=0"],
                "cwd": folder,
                "capabilities": {
                    "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
                    "inheritable": kept, "ambient": kept,
                },
            },
            "mounts": self.mounts()?,
            "linux": linux,
        }))
    }

    fn namespaces(&self) -> Value {
        let mut kinds = vec!["mount"];
        if self.shape.contained {
            kinds.extend(["pid", "network", "ipc", "uts"]);
        }
        if self.shape.identity == Identity::UserOfLastNamespace {
            kinds.push("user");
        }
        kinds.into_iter().map(|kind| json!({ "type": kind })).collect()
    }

    fn mounts(&self) -> Result<Vec<Value>, Error> {
        let bound = |folder: &Path| json!({ "destination": folder, "type": "bind", "source": folder, "options": ["rbind", "ro", "nosuid"] });
        let system = SYSTEM.iter().map(Path::new).filter(|folder| folder.is_dir());
        let mut mounts: Vec<_> = system.map(bound).collect();
        for (place, options) in [("/dev", "mode=755"), ("/tmp", "mode=1777")] {
            mounts.push(json!({
                "destination": place, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", options],
            }));
        }
        mounts.push(if self.shape.contained {
            json!({ "destination": "/proc", "type": "proc", "source": "proc" })
        } else {
            let access = if self.shape.calls == Calls::NoPrivilegesInNamespaces { "ro" } else { "rw" };
            json!({ "destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind", access] })
        });
        mounts.extend(folders()?.iter().map(|folder| bound(folder)));
        Ok(mounts)
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        // What stays is below `target`, and harms nothing.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn filter(calls: Calls) -> Option<Value> {
    const EPERM: u32 = 1;
    const ENOSYS: u32 = 38;
    let refused = match calls {
        Calls::Any => return None,
        Calls::NoNamespaces => MAKES_NAMESPACES,
        Calls::NoPrivilegesInNamespaces => NEEDS_PRIVILEGES,
        Calls::OfContainers => REFUSED_IN_CONTAINERS,
    };
    let mut rules = vec![json!({ "names": refused, "action": "SCMP_ACT_ERRNO", "errnoRet": EPERM })];
    if calls != Calls::NoPrivilegesInNamespaces {
        // The flags of the newer call are behind a pointer, where a filter cannot look.
        rules.push(json!({ "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS }));
        rules.extend(NAMESPACE_FLAGS.iter().map(|flag| {
            json!({
                "names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": EPERM,
                "args": [{ "index": 0, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ" }],
            })
        }));
    }
    Some(json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules }))
}
