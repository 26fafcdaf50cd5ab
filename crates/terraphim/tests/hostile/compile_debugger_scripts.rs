//! verdict: syntax
//! message: couldn't read
#![debugger_visualizer(gdb_script_file = "/etc/passwd")]
#![debugger_visualizer(natvis_file = "/etc/shadow")]
fn main() {}
