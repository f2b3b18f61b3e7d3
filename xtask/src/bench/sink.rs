//! A webhook receiver that notes when each trial of a bench was first told.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Bytes of a notification that are read.
const NOTICE_BYTES: usize = 1 << 20;

/// When each trial was told.
pub type Arrivals = Arc<Mutex<Vec<Option<Instant>>>>;

pub fn lock(arrivals: &Arrivals) -> std::sync::MutexGuard<'_, Vec<Option<Instant>>> {
    arrivals.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes webhooks, and remembers when each trial was first named by one: trial 7 is `Trial7x`.
pub fn sink(trials: usize) -> anyhow::Result<(SocketAddr, Arrivals)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let arrivals: Arrivals = Arc::new(Mutex::new(vec![None; trials]));
    let noted = arrivals.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let noted = noted.clone();
            thread::spawn(move || {
                // Whoever called may have gone.
                let _ = take(stream, &noted);
            });
        }
    });
    Ok((address, arrivals))
}

fn take(mut stream: TcpStream, noted: &Arrivals) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut all = Vec::new();
    let mut part = [0; 16 << 10];
    while all.len() < NOTICE_BYTES {
        let n = stream.read(&mut part)?;
        if n == 0 {
            break;
        }
        all.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&all);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let wanted = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() < wanted.unwrap_or_default() {
            continue;
        }
        let now = Instant::now();
        let mut arrivals = lock(noted);
        for (trial, arrival) in arrivals.iter_mut().enumerate() {
            if arrival.is_none() && body.contains(&format!("Trial{trial}x")) {
                *arrival = Some(now);
            }
        }
        break;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
