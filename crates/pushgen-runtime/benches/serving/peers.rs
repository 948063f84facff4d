//! Other servers that push: nghttpd, Apache with mod_http2, h2o.
//!
//! In: a folder with the site. Out: each server on it, in the clear, configured in the folder beside it;
//! none if it is not installed. nghttpd and h2o get as many threads as the others; Apache takes a
//! connection through several.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Fallible;
use crate::processes::{Server, free_port};
use crate::site::{self, PAGES};

/// A server, or the word that it is not there.
pub(crate) type Peer = Result<Server, String>;

pub(crate) fn start(site: &Path, folder: &Path, workers: u16) -> Fallible<Vec<Peer>> {
    Ok(vec![
        nghttpd(site, workers)?,
        h2o(site, folder, workers)?,
        apache(site, folder)?,
    ])
}

fn nghttpd(site: &Path, workers: u16) -> Fallible<Peer> {
    let Some(program) = find("nghttpd") else {
        return Ok(Err(
            "nghttpd is not installed (Debian: nghttp2-server)".into()
        ));
    };
    let port = free_port()?;
    let mut command = Command::new(program);
    command.args(["--no-tls", "--address=127.0.0.1", "--htdocs"]);
    command.arg(site).arg(format!("--workers={workers}"));
    command.arg("--max-concurrent-streams=200");
    for number in 0..PAGES {
        let assets: Vec<String> = site::assets(number).collect();
        command.arg(format!(
            "--push={}={}",
            site::page(number),
            assets.join(",")
        ));
    }
    command.arg(port.to_string());
    Server::other("nghttpd", port, command).map(Ok)
}

fn h2o(site: &Path, folder: &Path, workers: u16) -> Fallible<Peer> {
    let Some(program) = find("h2o") else {
        return Ok(Err("h2o is not installed (Debian: h2o)".into()));
    };
    let port = free_port()?;
    let mut paths = String::new();
    for number in 0..PAGES {
        let links = site::assets(number).map(|asset| format!("<{asset}>; rel=preload"));
        let links: Vec<String> = links.collect();
        // 399 hands the request on to the next handler, with these fields.
        writeln!(
            paths,
            r#"      "{page}":
        mruby.handler: |
          Proc.new do |env|
            [399, {{"link" => "{links}"}}, []]
          end
        file.file: {site}{page}"#,
            page = site::page(number),
            links = links.join(", "),
            site = site.display(),
        )?;
    }
    let configuration = format!(
        "listen:
  host: 127.0.0.1
  port: {port}
num-threads: {workers}
http2-casper: OFF
hosts:
  default:
    paths:
      \"/\":
        file.dir: {}
{paths}",
        site.display()
    );
    let file = folder.join("h2o.yaml");
    fs::write(&file, configuration)?;
    let mut command = Command::new(program);
    command.arg("-c").arg(file);
    Server::other("h2o", port, command).map(Ok)
}

fn apache(site: &Path, folder: &Path) -> Fallible<Peer> {
    let modules = Path::new("/usr/lib/apache2/modules");
    let Some(program) = find("apache2").filter(|_| modules.join("mod_http2.so").exists()) else {
        return Ok(Err("Apache is not installed (Debian: apache2)".into()));
    };
    let port = free_port()?;
    let mut configuration = String::new();
    for name in ["mpm_event", "authz_core", "mime", "http2"] {
        let module = modules.join(format!("mod_{name}.so"));
        writeln!(
            configuration,
            "LoadModule {name}_module {}",
            module.display()
        )?;
    }
    write!(
        configuration,
        "ServerName localhost
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
DefaultRuntimeDir {folder}
Mutex pthread
TypesConfig /etc/mime.types
Listen 127.0.0.1:{port}
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
Protocols h2c http/1.1
H2Direct on
H2Push on
DocumentRoot {site}
<Directory {site}>
  Require all granted
</Directory>
",
        folder = folder.display(),
        site = site.display(),
    )?;
    for number in 0..PAGES {
        writeln!(configuration, "<Location {}>", site::page(number))?;
        for asset in site::assets(number) {
            writeln!(configuration, "  H2PushResource add {asset}")?;
        }
        writeln!(configuration, "</Location>")?;
    }
    let file = folder.join("apache.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new(program);
    command.arg("-DFOREGROUND").arg("-f").arg(file);
    Server::other("Apache", port, command).map(Ok)
}

/// Servers are where only administrators look.
fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&paths).chain(more);
    folders
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
}
