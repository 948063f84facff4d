//! Requests without pushes: this crate's server beside hyper's.
//!
//! In: bodies of several sizes, loads of several shapes. Out: requests per second of each server, and the
//! ratio to hyper's in each round; the same of processor time for a request.

use crate::contender::Contender;
use crate::h2load::{self, Amount, Load};
use crate::processes::Server;
use crate::spread::Spread;
use crate::table::Table;
use crate::{Fallible, Plan};

/// A measurement.
struct Cell {
    name: String,
    target: &'static str,
    load: Load,
    tls: bool,
    /// The first is the one that the others are compared with.
    contenders: &'static [Contender],
}

const PLAIN: &[Contender] = &[
    Contender::Hyper,
    Contender::Pushgen,
    Contender::PushgenPolicy,
];
const AXUM: &[Contender] = &[Contender::HyperAxum, Contender::PushgenAxum];

pub(crate) fn measure(plan: &Plan) -> Fallible<()> {
    if !h2load::is_installed() {
        println!("plain: skipped, h2load is not installed (Debian: nghttp2-client)");
        return Ok(());
    }
    println!("Requests without pushes\n");
    let titles = [
        "body, load",
        "server",
        "requests/s",
        "ratio (min-max)",
        "µs of processor/request",
        "ratio",
        "busy",
    ];
    let mut table = Table::new(&titles, plan.markdown);
    for tls in [false, true] {
        let cells = cells(plan);
        let cells: Vec<&Cell> = cells.iter().filter(|cell| cell.tls == tls).collect();
        let is_needed = |it: &Contender| cells.iter().any(|cell| cell.contenders.contains(it));
        let needed = PLAIN.iter().chain(AXUM).copied().filter(is_needed);
        let servers: Vec<(Contender, Server)> = needed
            .map(|it| Ok((it, Server::own(it, tls, plan.workers)?)))
            .collect::<Fallible<_>>()?;
        for cell in cells {
            let of = |it: &Contender| servers.iter().find(|(other, _)| other == it);
            let servers = cell.contenders.iter().filter_map(of);
            let servers: Vec<&Server> = servers.map(|(_, server)| server).collect();
            for row in cell.rows(plan, &servers)? {
                table.row(row);
            }
        }
    }
    table.print();
    Ok(())
}

fn cells(plan: &Plan) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add = |target: &'static str, connections, streams, kind: &str, contenders| {
        let amount = match target {
            // Too few of them are done in a turn for a rate by time.
            "/50M" => Amount::Requests(20),
            _ => Amount::For(plan.turn),
        };
        cells.push(Cell {
            name: format!("{}, {connections} x {streams}{kind}", &target[1..]),
            target,
            load: Load {
                connections,
                streams,
                amount,
            },
            tls: kind.contains("TLS"),
            contenders,
        });
    };
    for target in ["/13", "/10k", "/1M"] {
        for (connections, streams) in [(4, 20), (1, 100), (100, 1)] {
            add(target, connections, streams, "", PLAIN);
        }
    }
    add("/1M", 1, 1, "", PLAIN);
    add("/50M", 1, 1, "", PLAIN);
    add("/13", 4, 20, ", axum", AXUM);
    add("/10k", 4, 20, ", axum", AXUM);
    add("/13", 4, 20, ", TLS", PLAIN);
    add("/10k", 4, 20, ", TLS", PLAIN);
    cells.retain(|cell| cell.name.contains(&plan.only));
    cells
}

/// One turn of one server.
struct Turn {
    rate: f64,
    /// Seconds of the server's processor time.
    processor: f64,
    seconds: f64,
}

impl Cell {
    fn rows(&self, plan: &Plan, servers: &[&Server]) -> Fallible<Vec<Vec<String>>> {
        let mut turns: Vec<Vec<Turn>> = servers.iter().map(|_| Vec::new()).collect();
        for server in servers {
            // It does not count.
            self.turn(server)?;
        }
        for round in 0..plan.rounds {
            for step in 0..servers.len() {
                let index = (round + step) % servers.len();
                if let (Some(server), Some(turns)) = (servers.get(index), turns.get_mut(index)) {
                    turns.push(self.turn(server)?);
                }
            }
        }
        let base = turns.first().ok_or("no contenders")?;
        let per_request = |turns: &[Turn]| {
            let requests: f64 = turns.iter().map(|turn| turn.rate * turn.seconds).sum();
            turns.iter().map(|turn| turn.processor).sum::<f64>() / requests
        };
        let busy = |turns: &[Turn]| {
            let seconds: f64 = turns.iter().map(|turn| turn.seconds).sum();
            turns.iter().map(|turn| turn.processor).sum::<f64>() / seconds
        };
        let rows = servers.iter().zip(&turns).enumerate();
        let rows = rows.map(|(index, (server, turns))| {
            let rates = Spread::of(turns.iter().map(|turn| turn.rate));
            let pairs = turns.iter().zip(base);
            let ratio = Spread::of(pairs.map(|(turn, base)| turn.rate / base.rate));
            let of_processor = per_request(turns) / per_request(base);
            let is_base = index == 0;
            vec![
                if is_base {
                    self.name.clone()
                } else {
                    String::new()
                },
                server.name.to_owned(),
                format!("{:.0}", rates.median),
                if is_base {
                    "1".to_owned()
                } else {
                    ratio.with_digits(3)
                },
                format!("{:.1}", per_request(turns) * 1e6),
                if is_base {
                    "1".to_owned()
                } else {
                    format!("{of_processor:.3}")
                },
                format!("{:.0} %", busy(turns) * 100.0),
            ]
        });
        Ok(rows.collect())
    }

    fn turn(&self, server: &Server) -> Fallible<Turn> {
        let processor = server.processor_seconds();
        let rate = h2load::run(server, self.tls, self.target, self.load)?;
        let seconds = match self.load.amount {
            Amount::For(time) => time.as_secs_f64(),
            Amount::Requests(requests) => f64::from(requests) / rate,
        };
        Ok(Turn {
            rate,
            processor: server.processor_seconds() - processor,
            seconds,
        })
    }
}
