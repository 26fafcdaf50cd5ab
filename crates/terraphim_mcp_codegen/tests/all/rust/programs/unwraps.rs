fn main() {
    mcp_runtime::call("notes", "fail", ()).unwrap();
}
