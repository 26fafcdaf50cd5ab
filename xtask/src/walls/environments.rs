//! The table: each kind of surroundings, how it is made, and the verdict that
//! `terraphim doctor` has to give there.

use std::{fs, path::Path, process::Command, time::Duration};

use super::Bundle;
use crate::{error::Error, process};

/// Every layer of the wall, as `terraphim doctor` calls it.
pub(super) const LAYERS: &[&str] = &[
    "user namespace",
    "empty root",
    "pid namespace",
    "network namespace",
    "ipc and uts namespaces",
    LANDLOCK,
    "seccomp",
    "no privileges",
    "rlimits",
];

/// The layer that hangs on the kernel alone.
pub(super) const LANDLOCK: &str = "landlock";

/// The layers that go together where a user namespace cannot be made.
const NAMESPACES: &[&str] =
    &["user namespace", "empty root", "pid namespace", "network namespace", "ipc and uts namespaces"];

/// The user that is not root.
pub(super) const USER: u32 = 10_001;

/// One kind of surroundings.
pub(super) struct Environment {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) needs_root: bool,
    /// What is made around the programs; none for the machine as it is.
    pub(super) shape: Option<Shape>,
    pub(super) expected: Expected,
}

/// What `terraphim doctor` has to say.
pub(super) enum Expected {
    /// Programs run behind every layer but these.
    Without {
        /// None where every layer holds.
        missing: &'static [&'static str],
        /// Parts of the reason, and of what lifts it.
        because: &'static [&'static str],
        lifted_by: &'static [&'static str],
        /// A part of the line on privileges.
        started: &'static str,
    },
    /// No program runs at all.
    Refused { because: &'static str, lifted_by: &'static str },
}

/// What a container runtime puts around the programs.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) identity: Identity,
    pub(super) calls: Calls,
    /// Whether process, network, IPC and host name are the container's own and
    /// parts of `/proc` are hidden.
    pub(super) contained: bool,
}

/// Who the programs are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// An ordinary user.
    User,
    /// The same, in a user namespace in which no further one can be made.
    UserOfLastNamespace,
    /// Root with the capabilities that container runtimes leave it.
    RootOfContainer,
    /// Root without a single one.
    RootInName,
}

/// Which system calls are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    /// None.
    Any,
    /// What makes namespaces.
    NoNamespaces,
    /// What needs capabilities in a namespace of one's own; `/proc` cannot be written to either.
    NoPrivilegesInNamespaces,
    /// What container runtimes refuse by default.
    OfContainers,
}

const ORDINARY: &str = "ordinary user";
const ROOT: &str = "started as root";

/// What lifts a refusal of the container runtime.
const LIFTS_FILTER: &[&str] = &["--security-opt seccomp=unconfined", "--security-opt apparmor=unconfined"];

const fn shape(identity: Identity, calls: Calls) -> Option<Shape> {
    Some(Shape { identity, calls, contained: false })
}

const fn container(identity: Identity, calls: Calls) -> Option<Shape> {
    Some(Shape { identity, calls, contained: true })
}

const fn whole(started: &'static str) -> Expected {
    Expected::Without { missing: &[], because: &[], lifted_by: &[], started }
}

/// Every kind of surroundings.
pub(super) const ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "root",
        what: "root with whatever the machine gives it",
        needs_root: true,
        shape: None,
        expected: whole(ROOT),
    },
    Environment {
        name: "user",
        what: "an ordinary user",
        needs_root: false,
        shape: shape(Identity::User, Calls::Any),
        expected: whole(ORDINARY),
    },
    Environment {
        name: "no-namespaces",
        what: "an ordinary user where the kernel makes no user namespaces",
        needs_root: true,
        shape: shape(Identity::UserOfLastNamespace, Calls::Any),
        expected: Expected::Without {
            missing: NAMESPACES,
            because: &["user namespaces: No space left on device"],
            lifted_by: &["sysctl user.max_user_namespaces="],
            started: ORDINARY,
        },
    },
    Environment {
        name: "restricted",
        what: "an ordinary user whose namespaces give no privileges, as AppArmor does it on Ubuntu",
        needs_root: true,
        shape: shape(Identity::User, Calls::NoPrivilegesInNamespaces),
        expected: Expected::Without {
            missing: &["empty root"],
            because: &["setgroups: Read-only file system", "mount private: Operation not permitted"],
            lifted_by: LIFTS_FILTER,
            started: ORDINARY,
        },
    },
    Environment {
        name: "denied",
        what: "an ordinary user with a system-call filter that refuses namespaces",
        needs_root: true,
        shape: shape(Identity::User, Calls::NoNamespaces),
        expected: Expected::Without {
            missing: NAMESPACES,
            because: &["user namespaces: Operation not permitted"],
            lifted_by: LIFTS_FILTER,
            started: ORDINARY,
        },
    },
    Environment {
        name: "container",
        what: "an ordinary user in a container with the usual filter and no capabilities",
        needs_root: true,
        shape: container(Identity::User, Calls::OfContainers),
        expected: Expected::Without {
            missing: NAMESPACES,
            because: &["user namespaces: Operation not permitted"],
            lifted_by: LIFTS_FILTER,
            started: ORDINARY,
        },
    },
    Environment {
        name: "container-root",
        what: "root in a container with the usual filter and capabilities",
        needs_root: true,
        shape: container(Identity::RootOfContainer, Calls::OfContainers),
        expected: Expected::Without {
            missing: NAMESPACES,
            because: &["user namespaces: Operation not permitted"],
            lifted_by: LIFTS_FILTER,
            started: ROOT,
        },
    },
    Environment {
        name: "container-lifted",
        what: "an ordinary user in a container without a filter, as doctor advises",
        needs_root: true,
        shape: container(Identity::User, Calls::Any),
        expected: whole(ORDINARY),
    },
    Environment {
        name: "container-powerless",
        what: "root in a container without any capability",
        needs_root: true,
        shape: container(Identity::RootInName, Calls::OfContainers),
        expected: Expected::Refused {
            because: "root without the capabilities",
            lifted_by: "start it as an ordinary user",
        },
    },
];

impl Environment {
    /// Whether programs run there.
    pub(super) fn has_wall(&self) -> bool {
        matches!(self.expected, Expected::Without { .. })
    }
}

/// An environment that is ready to run programs in.
pub(super) struct Surroundings {
    pub(super) environment: &'static Environment,
    bundle: Option<Bundle>,
}

impl Surroundings {
    pub(super) fn new(environment: &'static Environment, root: bool) -> Result<Self, Error> {
        // Without root only the user's own surroundings are tried, as they are.
        let shape = environment.shape.filter(|_| root);
        let bundle = shape.map(|shape| Bundle::new(environment.name, shape)).transpose()?;
        Ok(Self { environment, bundle })
    }

    /// Why nothing can be run there, if nothing can.
    pub(super) fn refusal(&self) -> Option<String> {
        const DEADLINE: Duration = Duration::from_secs(20);
        match self.run(Path::new("/bin/true"), &[], Path::new("/"), DEADLINE) {
            Ok(ended) if ended.code == Some(0) => None,
            Ok(ended) => Some(ended.stderr.trim().to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Runs a program there to its end.
    pub(super) fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        deadline: Duration,
    ) -> Result<process::Ended, Error> {
        match &self.bundle {
            Some(bundle) => bundle.run(program, arguments, folder, deadline),
            None => process::capture(
                Command::new(program).args(arguments).current_dir(folder).env("RUST_BACKTRACE", "0"),
                deadline,
            ),
        }
    }
}

/// Whether this kernel has Landlock, as far as it tells.
pub(super) fn has_landlock() -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let modules = read("/sys/kernel/security/lsm");
    if !modules.is_empty() {
        return modules.trim().split(',').any(|name| name == LANDLOCK);
    }
    let release = read("/proc/sys/kernel/osrelease");
    let mut numbers = release.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5, 13)
}

/// Complains about what this machine lacks for these.
pub(super) fn require(wanted: &[&Environment], root: bool) -> Result<(), Error> {
    let has = |program: &str, test: &[&str]| {
        process::capture(Command::new(program).args(test), Duration::from_secs(20))
            .is_ok_and(|ended| ended.code == Some(0))
    };
    let mut needs = Vec::new();
    if root && wanted.iter().any(|one| one.shape.is_some()) && !has("runc", &["--version"]) {
        needs.push("runc, which makes the surroundings (apt-get install runc)".to_owned());
    }
    if root
        && wanted
            .iter()
            .any(|one| one.shape.is_some_and(|shape| shape.identity == Identity::UserOfLastNamespace))
        && !has("setpriv", &["--version"])
    {
        needs.push("setpriv, which gives up privileges (apt-get install util-linux)".to_owned());
    }
    if !has("unshare", &["--user", "--map-current-user", "--mount", "true"]) {
        needs.push(
            "user namespaces: allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, \
             kernel.apparmor_restrict_unprivileged_userns), and a container's filter has to let unshare and mount pass"
                .to_owned(),
        );
    }
    if !root && wanted.iter().all(|one| one.needs_root) {
        needs.push("a start as root".to_owned());
    }
    if needs.is_empty() { Ok(()) } else { Err(Error::Missing { needs }) }
}
