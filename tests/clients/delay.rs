//! A network path with a delay: a TCP forwarder on a port of its own.
//!
//! In: the port of a server, and how long each byte takes each way. Out: the port that clients connect to. Left out:
//! loss and bandwidth, and the handshake's own round trip.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Starts a forwarder and returns its port. It lives as long as the test process.
pub(super) fn forward(port: u16, one_way: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let own_port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let server = TcpStream::connect(("127.0.0.1", port));
            // If the server is gone the client sees its connection closed.
            let (Ok(client), Ok(server)) = (client, server) else {
                continue;
            };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("an option");
            }
            let clone = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
            carry(clone(&client), clone(&server), one_way);
            carry(server, client, one_way);
        }
    });
    own_port
}

/// Carries one direction of a connection. Reading and writing are apart, so that what waits delays nothing behind it.
fn carry(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let bytes = buffer.iter().take(length).copied().collect();
            if sender.send((Instant::now() + one_way, bytes)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other end may have closed it.
        drop(to.shutdown(Shutdown::Write));
    });
}

#[test]
fn delays_each_way_and_loses_nothing() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = server.local_addr().expect("an address").port();
    thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("a connection");
        let mut request = Vec::new();
        stream.read_to_end(&mut request).expect("a request");
        stream.write_all(&request).expect("an echo");
    });
    let sent: Vec<u8> = (0..200_000u32).map(|number| number as u8).collect();
    let begin = Instant::now();
    let mut client = TcpStream::connect(("127.0.0.1", forward(port, Duration::from_millis(30))))
        .expect("it listens");
    client.write_all(&sent).expect("it takes it");
    client.shutdown(Shutdown::Write).expect("it ends");
    let mut received = Vec::new();
    client.read_to_end(&mut received).expect("an echo");
    assert!(received == sent);
    assert!(begin.elapsed() >= Duration::from_millis(60));
}
