//! Pages with three pushes each: this crate's server beside others that push.
//!
//! In: the same site for all. Out: whole pages per second, each with its pushed responses, and the
//! processor time that each server and the client needed for one. This crate's server has the files in
//! memory, as a service has them; the others read them from disk, which is the system's cache.

use std::time::Duration;

use crate::client::{self, Counted, Load};
use crate::contender::Contender;
use crate::peers;
use crate::processes::Server;
use crate::site::{Files, PAGES};
use crate::spread::Spread;
use crate::table::Table;
use crate::{Fallible, Plan};

/// One turn of one server.
struct Turn {
    counted: Counted,
    /// Seconds of the server's processor time.
    processor: f64,
}

pub(crate) fn measure(plan: &Plan) -> Fallible<()> {
    println!("Pages with three pushes each\n");
    let folder = tempfile::tempdir()?;
    let site = folder.path().join("site");
    Files::new().write(&site)?;
    let mut servers = vec![Server::own(Contender::PushgenPolicy, false, plan.workers)?];
    for peer in peers::start(&site, folder.path(), plan.workers)? {
        match peer {
            Ok(server) => servers.push(server),
            Err(word) => println!("skipped: {word}\n"),
        }
    }
    let titles = [
        "connections x pages on each",
        "server",
        "pages/s",
        "pushgen is faster by (min-max)",
        "pushes/page",
        "µs of processor/page",
        "busy",
        "client busy",
    ];
    let mut table = Table::new(&titles, plan.markdown);
    for (connections, pages) in [(8, 1), (8, PAGES)] {
        let name = format!("{connections} x {pages}");
        if !name.contains(&plan.only) {
            continue;
        }
        let load = Load {
            connections,
            pages,
            time: plan.turn,
        };
        for row in rows(&name, &servers, load, plan.rounds)? {
            table.row(row);
        }
    }
    table.print();
    Ok(())
}

fn rows(name: &str, servers: &[Server], load: Load, rounds: usize) -> Fallible<Vec<Vec<String>>> {
    let mut turns: Vec<Vec<Turn>> = servers.iter().map(|_| Vec::new()).collect();
    for server in servers {
        // It does not count.
        let time = Duration::from_millis(200);
        turn(server, Load { time, ..load })?;
    }
    for round in 0..rounds {
        for step in 0..servers.len() {
            let index = (round + step) % servers.len();
            if let (Some(server), Some(turns)) = (servers.get(index), turns.get_mut(index)) {
                turns.push(turn(server, load)?);
            }
        }
    }
    let base = turns.first().ok_or("no servers")?;
    let rows = servers.iter().zip(&turns).enumerate();
    let rows = rows.map(|(index, (server, turns))| {
        let is_base = index == 0;
        let sum = |of: fn(&Turn) -> f64| turns.iter().map(of).sum::<f64>();
        let pages = sum(|turn| turn.counted.pages as f64);
        let seconds = sum(|turn| turn.counted.seconds);
        let rates = Spread::of(turns.iter().map(Turn::rate));
        let pairs = turns.iter().zip(base);
        let ratio = Spread::of(pairs.map(|(turn, base)| base.rate() / turn.rate()));
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        vec![
            if is_base {
                name.to_owned()
            } else {
                String::new()
            },
            server.name.to_owned(),
            format!("{:.0}", rates.median),
            if is_base {
                "1".to_owned()
            } else {
                ratio.with_digits(2)
            },
            format!("{:.2}", sum(|turn| turn.counted.pushes as f64) / pages),
            format!("{:.0}", sum(|turn| turn.processor) / pages * 1e6),
            percent(sum(|turn| turn.processor) / seconds),
            percent(sum(|turn| turn.counted.processor) / seconds),
        ]
    });
    Ok(rows.collect())
}

fn turn(server: &Server, load: Load) -> Fallible<Turn> {
    let processor = server.processor_seconds();
    let counted =
        client::run(server.address, load).map_err(|error| format!("{}: {error}", server.name))?;
    Ok(Turn {
        counted,
        processor: server.processor_seconds() - processor,
    })
}

impl Turn {
    fn rate(&self) -> f64 {
        self.counted.pages as f64 / self.counted.seconds
    }
}
