//! verdict: result
//! result: []
use std::{net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket}, os::unix::net::{UnixDatagram, UnixListener, UnixStream}};
fn main() {
    let got: Vec<&str> = [("tcp", TcpStream::connect("127.0.0.1:22").is_ok()), ("listen", TcpListener::bind("[::1]:0").is_ok()),
        ("udp", UdpSocket::bind("0.0.0.0:0").is_ok()), ("name", "example.com:80".to_socket_addrs().is_ok()), ("unix", UnixListener::bind("/workspace/s").is_ok()),
        ("docker", UnixStream::connect("/var/run/docker.sock").is_ok()), ("datagram", UnixDatagram::unbound().is_ok())]
        .into_iter().filter_map(|(name, got)| got.then_some(name)).collect();
    println!("{got:?}");
}
