//! `pushgen serve`: a folder served as its policy says.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use pushgen_policy::Origin;
use pushgen_runtime::{Builder, Metrics, PolicyHandle, Rules, Shutdown, Tls};
use tokio::net::TcpListener;

use super::use_threads;
use crate::cli::{Arguments, Log, Serve};
use crate::output;
use crate::serve::access_log::Format;
use crate::serve::certificate::Certificate;
use crate::serve::entry;
use crate::serve::files::{Files, FilesOptions};
use crate::serve::log_writer::LogWriter;
use crate::serve::metrics::MetricsService;
use crate::serve::policy_source::PolicySource;
use crate::serve::unreadable::Telling;
use crate::serve::watch::Watch;

pub(crate) fn run(command: &Serve, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.site.jobs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    runtime.block_on(serve(command, arguments.quiet))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(command: &Serve, quiet: u8) -> anyhow::Result<()> {
    let say = |line: &str| {
        if quiet == 0 {
            output::note(line);
        }
    };
    let files = Files::new(&command.site.dist, files_options(command))
        .with_context(|| format!("cannot serve {}", command.site.dist.display()))?;
    // Both before the analysis, which may take its time.
    let listener = listen(command.listen).await?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let (tls, fingerprint) = tls(command, address)?;

    let source = PolicySource::of(command);
    // What changes during the analysis counts too.
    let watch = command
        .watch
        .then(|| begin_watch(command, &source))
        .transpose()?;
    let metrics_listener = match command.metrics {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let found = source.get(command, quiet > 0)?;
    let policy = found.map(|found| {
        say(&found.summary);
        PolicyHandle::new(found.policy, origins(command, address))
    });

    let shutdown = Shutdown::new();
    let metrics = Arc::new(Metrics::default());
    let mut server = Builder::new()
        .rules(rules(command))
        .shutdown(&shutdown)
        .metrics(Arc::clone(&metrics));
    if let Some(policy) = &policy {
        files.divide_by(policy.clone());
        server = server.policy(policy.clone());
    }
    let log = LogWriter::begin();
    if let Some(format) = format(command.log) {
        let log = log.clone();
        server = server.report_to(move |report| log.write(entry::of(report).line(format)));
    }
    if let Some(listener) = metrics_listener {
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        say(&format!("metrics at http://{address}/metrics"));
        let service = MetricsService(metrics);
        let server = Builder::new().shutdown(&shutdown);
        tokio::spawn(async move { server.serve(listener, None, service).await });
    }
    if let (Some(watch), Some(policy)) = (watch, policy) {
        follow(command, watch, source, policy, quiet);
    }

    let scheme = if command.no_tls { "http" } else { "https" };
    let base = &command.site.base_path;
    say(&format!(
        "serving {} at {scheme}://{address}/{} (Ctrl-C stops)",
        command.site.dist.display(),
        base.trim_start_matches('/'),
    ));
    if let Some(fingerprint) = fingerprint {
        say(&format!(
            "the certificate is made for this run; SHA-256 {fingerprint}"
        ));
    }
    tokio::spawn(stop_when_told(shutdown));
    let end = server.serve(listener, tls, Telling(files)).await;
    log.finish();
    end.context("cannot go on listening")
}

fn files_options(command: &Serve) -> FilesOptions {
    FilesOptions {
        base_path: command.site.base_path.clone(),
        clean_urls: command.site.clean_urls,
        spa: command.spa,
        compresses: !command.no_compression,
        ..FilesOptions::default()
    }
}

fn rules(command: &Serve) -> Rules {
    let mut rules = Rules::default();
    // The assets are files: one that takes longer than usual comes all the same.
    rules.patience = Duration::from_secs(1);
    rules.push = !command.no_push;
    rules.early_hints = !command.no_early_hints;
    rules.digest_cookie = !command.no_cookie;
    rules.redirects = command.on_redirects;
    rules.trust_proxies = command.trust_proxy;
    // Who says where the site is served means no other place.
    rules.any_authority = command.site.origin.is_none();
    rules.fallback_page = command.spa.then(|| command.site.base_path.clone());
    rules
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow!(
            "something else listens at {address}; choose another port, or 0 for any free one"
        ),
        _ => anyhow!(error).context(format!("cannot listen at {address}")),
    })
}

/// TLS if it is wanted, and the fingerprint of the certificate if it was made.
fn tls(command: &Serve, address: SocketAddr) -> anyhow::Result<(Option<Tls>, Option<String>)> {
    if command.no_tls {
        return Ok((None, None));
    }
    let (certificate, is_made) = match (&command.cert, &command.key) {
        (Some(chain), Some(key)) => (Certificate::load(chain, key)?, false),
        _ => (Certificate::for_development(address.ip())?, true),
    };
    let fingerprint = is_made.then_some(certificate.fingerprint);
    Ok((Some(Tls::new(certificate.config)), fingerprint))
}

/// The origins that the server can be asked as, for cache digests.
fn origins(command: &Serve, address: SocketAddr) -> Vec<Origin> {
    let scheme = if command.no_tls { "http" } else { "https" };
    let port = address.port();
    let authorities = [format!("localhost:{port}"), address.to_string()];
    let own = authorities
        .iter()
        .filter_map(|it| Origin::of_request(scheme, it).ok());
    own.chain(command.site.origin.clone()).collect()
}

fn format(log: Log) -> Option<Format> {
    match log {
        Log::Text => Some(Format::Text),
        Log::Json => Some(Format::Json),
        Log::None => None,
    }
}

fn begin_watch(command: &Serve, source: &PolicySource) -> anyhow::Result<Watch> {
    let watch = match source {
        PolicySource::File(file) => {
            let folder = file.parent().filter(|folder| *folder != Path::new(""));
            Watch::begin(folder.unwrap_or(Path::new(".")), None)?
        }
        PolicySource::Site => Watch::begin(&command.site.dist, None)?,
        PolicySource::None => bail!(
            "--watch has nothing to follow with --policy none; files are served as they are anyway"
        ),
    };
    Ok(watch)
}

/// Gets the policy anew whenever something changes. One that cannot be had changes nothing.
fn follow(
    command: &Serve,
    mut watch: Watch,
    source: PolicySource,
    policy: PolicyHandle,
    quiet: u8,
) {
    if watch.is_polling() && quiet == 0 {
        output::note("the system does not tell of changes here; looking for them every second");
    }
    let command = command.clone();
    tokio::spawn(async move {
        loop {
            watch.changed().await;
            let (command, source) = (command.clone(), source.clone());
            let found = tokio::task::spawn_blocking(move || source.get(&command, true)).await;
            match found {
                Ok(Ok(Some(found))) => {
                    policy.replace(found.policy);
                    if quiet == 0 {
                        output::note(&found.summary);
                    }
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    output::error(&error.context("the policy from before stays in force"));
                }
                Err(_panic) => {
                    output::note("the analysis failed; the policy from before stays in force")
                }
            }
        }
    });
}

/// Begins the shutdown at the first signal, and ends the process at the second.
async fn stop_when_told(shutdown: Shutdown) {
    told_to_stop().await;
    shutdown.begin();
    told_to_stop().await;
    std::process::exit(130);
}

/// Ctrl-C, or on Unix what `kill` sends.
pub(super) async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
