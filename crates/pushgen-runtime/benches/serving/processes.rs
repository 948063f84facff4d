//! Servers as processes: started, awaited, observed, ended.
//!
//! In: a command. Out: [`Server`], with its port, its processor time and its memory, all of its children
//! included (Linux only: proc_pid_stat(5), proc_pid_status(5)).

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::Fallible;
use crate::contender::Contender;

/// The unit in which Linux counts processor time for its users, in seconds.
const TICK: f64 = 0.01;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// One of this program's own servers.
    pub(crate) fn own(contender: Contender, tls: bool, workers: u16) -> Fallible<Self> {
        let value = contender.to_possible_value().ok_or("not a contender")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").arg(value.get_name());
        command.arg("--workers").arg(workers.to_string());
        if tls {
            command.arg("--tls");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("no standard output")?;
        BufReader::new(output).read_line(&mut line)?;
        let port: u16 = line.trim().parse()?;
        Ok(Self {
            name: contender.name(),
            address: (Ipv4Addr::LOCALHOST, port).into(),
            child,
        })
    }

    /// Another server, on a port that was free. It is awaited until it answers.
    pub(crate) fn other(name: &'static str, port: u16, mut command: Command) -> Fallible<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            name,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            child,
        };
        let begun = Instant::now();
        while TcpStream::connect(server.address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{name} has ended: {status}").into());
            }
            if begun.elapsed() > Duration::from_secs(10) {
                return Err(format!("{name} does not answer").into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The processor time that it and its children have taken, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let own = self.child.id();
        let of_others = children(own).map(processor_seconds);
        processor_seconds(own) + of_others.sum::<f64>()
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Fallible<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
        let kib: u64 = kib.ok_or("no VmRSS")?.trim().parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Servers with children of their own end them at SIGTERM, which needs another program to send.
        let terminate = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if terminate.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> Fallible<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The processor time of this process, in seconds.
pub(crate) fn own_processor_seconds() -> f64 {
    processor_seconds(std::process::id())
}

fn processor_seconds(process: u32) -> f64 {
    let ticks = |fields: Vec<String>| {
        let (user, system) = (
            fields.get(11)?.parse::<f64>(),
            fields.get(12)?.parse::<f64>(),
        );
        Some(user.ok()? + system.ok()?)
    };
    stat(process).and_then(ticks).unwrap_or_default() * TICK
}

fn children(parent: u32) -> impl Iterator<Item = u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(move |process| {
        let of = stat(*process).and_then(|fields| fields.get(1)?.parse().ok());
        of == Some(parent)
    })
}

/// The fields from the third on: the second is the program's name, which may hold anything.
fn stat(process: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}
