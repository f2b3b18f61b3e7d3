//! A target for the benches: counters of requests, one pair for each promise, that grow with time.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Requests a second that each route is said to take, and those of them that fail.
const GOOD: f64 = 99.9;
const BAD: f64 = 0.1;

/// A question that takes longer to arrive is dropped.
const ASKED_WITHIN: Duration = Duration::from_secs(10);

/// Lines of a question that are read at most.
const LINES_MAX: usize = 64;

/// Serves so many routes until the program ends.
pub fn serve(routes: usize) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let started = Instant::now();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever asked may have gone.
            let _ = answer(stream, routes, started.elapsed().as_secs_f64());
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, routes: usize, seconds: f64) -> std::io::Result<()> {
    stream.set_read_timeout(Some(ASKED_WITHIN))?;
    for line in BufReader::new(&stream).lines().take(LINES_MAX) {
        if line?.is_empty() {
            break;
        }
    }
    let mut body = String::from("# TYPE requests_total counter\n");
    for route in 0..routes {
        for (code, rate) in [("200", GOOD), ("500", BAD)] {
            let value = (rate * seconds).floor();
            // Writing to a string does not fail.
            let _ = writeln!(
                body,
                "requests_total{{route=\"{route}\",code=\"{code}\"}} {value}"
            );
        }
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
