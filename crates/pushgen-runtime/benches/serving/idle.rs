//! The memory of idle connections: this crate's server beside hyper's.
//!
//! In: so many connections that have each had one page and stay open. Out: by how much the server's
//! resident memory has grown for each. A server that has just begun is taken for each measurement: what
//! an allocator has kept from before would hide the growth.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::client::Connection;
use crate::contender::Contender;
use crate::processes::Server;
use crate::spread::Spread;
use crate::table::Table;
use crate::{Fallible, Plan};

/// Connections that are opened at once.
const AT_ONCE: usize = 20;

pub(crate) fn measure(plan: &Plan) -> Fallible<()> {
    println!("Memory of idle HTTP/2 connections, after one page each\n");
    let titles = ["connections", "server", "kB each (min-max)"];
    let mut table = Table::new(&titles, plan.markdown);
    let contenders = [
        Contender::Hyper,
        Contender::Pushgen,
        Contender::PushgenPolicy,
    ];
    for connections in [1000, 5000] {
        if !connections.to_string().contains(&plan.only) {
            continue;
        }
        let mut grown: Vec<Vec<f64>> = contenders.iter().map(|_| Vec::new()).collect();
        for _ in 0..plan.rounds.min(3) {
            for (contender, grown) in contenders.iter().zip(&mut grown) {
                let server = Server::own(*contender, false, plan.workers)?;
                grown.push(growth(&server, connections)? / connections as f64);
            }
        }
        for (index, (contender, grown)) in contenders.iter().zip(&grown).enumerate() {
            let first = if index == 0 {
                connections.to_string()
            } else {
                String::new()
            };
            let grown = Spread::of(grown.iter().map(|bytes| bytes / 1e3)).with_digits(1);
            table.row(vec![first, contender.name().to_owned(), grown]);
        }
    }
    table.print();
    Ok(())
}

/// By how many bytes a server grows with so many connections.
fn growth(server: &Server, connections: usize) -> Fallible<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // What the first one brings along does not count.
        let mut open = vec![page(server.address).await?];
        let before = server.resident_bytes()?;
        while open.len() < connections {
            let missing = (connections - open.len()).min(AT_ONCE);
            let mut opening = JoinSet::new();
            for _ in 0..missing {
                let address = server.address;
                opening.spawn(page(address));
            }
            while let Some(connection) = opening.join_next().await {
                open.push(connection??);
            }
        }
        // Until the last response's task has gone.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let after = server.resident_bytes()?;
        drop(open);
        Ok((after as f64 - before as f64).max(0.0))
    })
}

async fn page(server: SocketAddr) -> Fallible<Connection> {
    let mut connection = Connection::open(server).await?;
    connection.page(0).await?;
    Ok(connection)
}
