//! What may be typed: the arguments and their help, nothing of what they do.

mod told;
mod value;

use std::collections::HashSet;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pushgen_analyzer::model::Time;
use pushgen_analyzer::{
    ColorScheme, DEFAULT_BUDGET, Options, Severity, Site, SiteError, SiteOptions, Viewport,
};
use pushgen_policy::Origin;

pub(crate) use value::NamedNetwork;
use value::ViewportArgument;

const EXIT_STATUS: &str = "\
Exit status:
  0  all is well
  1  findings at or above --fail-on, or a policy that is out of date
  2  wrong usage, unreadable input or an invalid policy";

/// That of the commands which only show.
const EXIT_STATUS_OF_SHOWING: &str = "\
Exit status:
  0  all is well, whatever was found
  2  wrong usage or unreadable input";

/// What `--origin` does where a policy is written.
const ORIGIN_OF_A_POLICY: &str = "\
Where the site will be served, such as `https://example.com`: its absolute URLs are then its own, and URL fingerprints are written";

/// The first path of the commands that take both, in any order.
fn policy_or_site(dist: clap::Arg) -> clap::Arg {
    // What is changed goes behind all others, and would be the second then.
    dist.index(1).value_name("FILE|DIST").help(
        "A policy file, a site's folder, or both. Beside a policy alone its site is looked for: the file's folder, or a build's \
         folder in it, such as dist",
    )
}

const GLOBAL: &str = "Global options";

/// Analyses a built web site and writes the push policy that a server delivers it by.
#[derive(Debug, Parser)]
#[command(name = "pushgen", version, after_help = EXIT_STATUS, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Say less: once for errors only, twice for nothing
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "verbose", help_heading = GLOBAL)]
    pub(crate) quiet: u8,

    /// Say more: every place of every finding
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) verbose: u8,

    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, help_heading = GLOBAL)]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Analyse a site and write its push policy
    #[command(after_help = EXIT_STATUS, mut_arg("origin", |origin| origin.help(ORIGIN_OF_A_POLICY)))]
    Analyze(Analyze),
    /// Print what a browser fetches for each page, as JSON Lines
    ///
    /// Findings that are errors, such as a page that is binary data and therefore has an empty graph, are shown on
    /// standard error; `pushgen analyze` shows the warnings too.
    #[command(after_help = EXIT_STATUS_OF_SHOWING)]
    Graph(Graph),
    /// Show a page's dependency tree and the reason for every decision
    #[command(after_help = EXIT_STATUS_OF_SHOWING)]
    Explain(Explain),
    /// Tell what a plan is worth on each network, by a model of the page load
    ///
    /// For each page and network: the first and the largest paint of a first visit without a plan, with its hints, with
    /// its pushes, and the limit that nothing can beat.
    #[command(after_help = EXIT_STATUS_OF_SHOWING, mut_arg("dist", policy_or_site))]
    Simulate(Simulate),
    /// Write a report of a site as one HTML file: waterfalls, dependency graphs, what is sent and why, findings
    ///
    /// The file needs no network. Of a large site it lists 5,000 pages and tells of 30 in detail: the front page, one page
    /// of each plan and of each template, and those with the greatest gains and with most findings.
    #[command(after_help = EXIT_STATUS_OF_SHOWING, mut_arg("dist", policy_or_site))]
    Report(Report),
    /// Validate a policy, and tell whether it still fits a site
    #[command(after_help = EXIT_STATUS)]
    Check(Check),
    /// Serve a site as its push policy says: with server push, 103 Early Hints and Link preload
    ///
    /// The site is analysed first, or the policy is read from a file. A line on standard output for each request says
    /// what was sent ahead with it, and why not more. Ctrl-C finishes the responses in progress, for ten seconds at most;
    /// a second one does not.
    #[cfg(feature = "serve")]
    #[command(after_help = EXIT_STATUS_OF_SHOWING)]
    Serve(Serve),
    /// Measure pages with and without their plans, in a real browser over simulated networks
    ///
    /// The site is analysed first, or the policy is read from a file. Then each page is loaded cold, with its plan and
    /// without in turns, and the paints of both ways are compared. Other hosts than the site's own cannot be reached
    /// meanwhile.
    #[cfg(feature = "measure")]
    #[command(after_help = EXIT_STATUS_OF_SHOWING)]
    Measure(Measure),
    /// Print the JSON Schema of the policy
    Schema,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Analyze {
    #[command(flatten)]
    pub(crate) site: SiteArguments,
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
    #[command(flatten)]
    pub(crate) traces: TraceArguments,

    /// Where to write the policy; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_POLICY)]
    pub(crate) output: PathBuf,

    /// How to report findings and the summary: for people on standard error, or as JSON Lines on standard output
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,

    /// From which severity on findings make the exit status 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) site: SiteArguments,
    #[command(flatten)]
    pub(crate) traces: TraceArguments,

    /// Only this page, by URL or by file: /a/ or a/index.html; may be given several times
    #[arg(long, value_name = "PAGE")]
    pub(crate) page: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) site: SiteArguments,
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
    #[command(flatten)]
    pub(crate) traces: TraceArguments,

    /// The page, by URL or by file: /a/ or a/index.html
    pub(crate) page: String,

    /// A tree for people, or JSON
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) subject: SubjectArguments,

    /// A network class (slow-3g, satellite, fast-3g, slow-4g, 4g, cable), or a network of your own as round-trip time,
    /// rate and rate towards the server; may be given several times, all classes unless given
    #[arg(long, value_name = "NAME|RTT/DOWN[/UP]", value_parser = value::network)]
    pub(crate) network: Vec<NamedNetwork>,

    /// Tables for people, or JSON Lines
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) subject: SubjectArguments,

    /// Where to write the report; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub(crate) output: PathBuf,

    /// A network class (slow-3g, satellite, fast-3g, slow-4g, 4g, cable), or a network of your own as round-trip time,
    /// rate and rate towards the server; may be given several times, all classes unless given. The waterfalls and the
    /// list of pages are those of the first one given, of slow-4g unless given
    #[arg(long, value_name = "NAME|RTT/DOWN[/UP]", value_parser = value::network)]
    pub(crate) network: Vec<NamedNetwork>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Check {
    /// A policy file, a site's folder, or both; the policy is push-policy.json unless it is given
    #[arg(value_name = "FILE|DIST", required = true, num_args = 1..=2)]
    pub(crate) paths: Vec<PathBuf>,

    /// How many threads to use; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,

    /// A report for people, or one line of JSON
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[cfg(feature = "serve")]
const DELIVERY: &str = "Delivery options";

/// `serve`, in the order in which people think of it.
#[cfg(feature = "serve")]
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) site: SiteArguments,

    /// The address to listen at; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443", value_parser = value::address)]
    pub(crate) listen: std::net::SocketAddr,

    /// Serve in the clear: HTTP/1.1, and HTTP/2 for clients that begin with it
    #[arg(long)]
    pub(crate) no_tls: bool,

    /// The certificate chain, PEM; without one a certificate is made for this run
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "no_tls")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of the certificate, PEM
    #[arg(
        long,
        value_name = "FILE",
        requires = "cert",
        conflicts_with = "no_tls"
    )]
    pub(crate) key: Option<PathBuf>,

    /// Answer paths that are no file with the root's index.html, for applications with routes of their own
    #[arg(long)]
    pub(crate) spa: bool,

    /// Send files as they are, with precompressed siblings only; the plans count on compressed text
    #[arg(long)]
    pub(crate) no_compression: bool,

    /// Analyse anew, or read the policy anew, whenever files change
    #[arg(long)]
    pub(crate) watch: bool,

    /// How to log requests, on standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Log::Text)]
    pub(crate) log: Log,

    /// Serve metrics for Prometheus at this address, in the clear
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = value::address)]
    pub(crate) metrics: Option<std::net::SocketAddr>,

    /// The policy to deliver instead of analysing the site; `none` delivers nothing ahead
    #[arg(long, value_name = "FILE|none", help_heading = DELIVERY)]
    pub(crate) policy: Option<PathBuf>,

    /// The most bytes on the wire that a page's plan may push
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_BUDGET, help_heading = DELIVERY)]
    pub(crate) budget: u64,

    /// No server push
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) no_push: bool,

    /// No 103 Early Hints
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) no_early_hints: bool,

    /// No cookie that remembers what a browser has
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) no_cookie: bool,

    /// Deliver a page's plan already with a redirect to it
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) on_redirects: bool,

    /// The proxy in front is yours and passes pushes on
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) trust_proxy: bool,
}

/// `measure`. Pages are laid out for the last of the viewports.
#[cfg(feature = "measure")]
#[derive(Debug, Clone, Args)]
pub(crate) struct Measure {
    #[command(flatten)]
    pub(crate) site: SiteArguments,

    /// The policy to measure instead of that of an analysis
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// A page, by URL or by file: /a/ or a/index.html; may be given several times (up to five with different plans
    /// unless given)
    #[arg(long, value_name = "PAGE")]
    pub(crate) page: Vec<String>,

    /// A network: a class such as `cable`, or its round-trip time and rates; may be given several times (slow-4g and 4g
    /// unless given)
    #[arg(long, value_name = "NAME|RTT/DOWN[/UP]")]
    pub(crate) network: Vec<String>,

    /// How often each page is loaded over each network in each way; from 6 on there are confidence intervals
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=999))]
    pub(crate) runs: u16,

    /// The browser: any Chromium or Chrome; the first that is found on PATH unless given
    #[arg(long, value_name = "PATH")]
    pub(crate) browser: Option<PathBuf>,

    /// Write a copy of the policy in which pages that measured worse have no plan
    #[arg(long, value_name = "FILE")]
    pub(crate) accept: Option<PathBuf>,

    /// One JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "serve")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// A line for people
    Text,
    /// A line of JSON
    Json,
    /// Nothing
    None,
}

/// The file that `analyze` writes unless told otherwise.
pub(crate) const DEFAULT_POLICY: &str = "push-policy.json";

/// The URL path that a folder is served at unless told otherwise.
const ROOT: &str = "/";

/// Whose loads are simulated: a site's, with the plans of a policy or with those that `analyze` would write.
#[derive(Debug, Clone, Args)]
pub(crate) struct SubjectArguments {
    #[command(flatten)]
    pub(crate) site: SiteArguments,

    /// The site beside its policy, or the policy beside its site
    #[arg(value_name = "DIST|FILE", index = 2)]
    pub(crate) beside: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
    #[command(flatten)]
    pub(crate) traces: TraceArguments,

    /// The policy whose plans are told of, instead of those that `analyze` would write
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// Only this page, by URL or by file: /a/ or a/index.html; may be given several times
    #[arg(long, value_name = "PAGE")]
    pub(crate) page: Vec<String>,
}

/// How a folder becomes a site, and for whom it is analysed.
#[derive(Debug, Clone, Args)]
pub(crate) struct SiteArguments {
    /// The folder that the build wrote
    pub(crate) dist: PathBuf,

    /// Only files that match this glob; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,

    /// No files that match this glob; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,

    /// The URL path that the folder is served at
    #[arg(long, value_name = "PATH", default_value = ROOT, value_parser = value::base_path)]
    pub(crate) base_path: String,

    /// about.html is served as /about
    #[arg(long)]
    pub(crate) clean_urls: bool,

    /// Where the site will be served, such as `https://example.com`: its absolute URLs are then its own
    #[arg(long, value_name = "URL", value_parser = value::origin)]
    pub(crate) origin: Option<Origin>,

    /// A viewport in CSS pixels with its device pixel ratio; may be given several times. What all of
    /// them ask for is certain. Below 600 pixels it is a phone's, which heeds `<meta name=viewport>`
    /// (412x823@1.75 and 1350x940@1 unless given)
    #[arg(long, value_name = "WxH[@N]", value_parser = value::viewport)]
    pub(crate) viewport: Vec<ViewportArgument>,

    /// Device pixels per CSS pixel, for viewports that do not say; 1 unless given
    #[arg(long, value_name = "N", value_parser = value::dpr, requires = "viewport")]
    pub(crate) dpr: Option<f32>,

    /// The colour scheme that the user prefers
    #[arg(long, value_enum, value_name = "SCHEME", default_value_t = Scheme::Light)]
    pub(crate) color_scheme: Scheme,

    /// How many threads to use; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

/// What real loads add to the graph.
#[derive(Debug, Clone, Args)]
pub(crate) struct TraceArguments {
    /// A HAR file of real loads, from a browser or WebPageTest: adds what scripts asked for; may be given several times
    #[arg(long, value_name = "FILE.har")]
    pub(crate) trace: Vec<PathBuf>,
}

/// What decides about the plan.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArguments {
    /// The most bytes on the wire that a page's plan may push
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_BUDGET)]
    pub(crate) budget: u64,

    /// How long the server thinks before it answers for a page: meanwhile, hints work and pushes gain little
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = value::time)]
    pub(crate) think: Time,

    /// The server takes entity-tags from the content: write them and their fingerprints
    #[arg(long)]
    pub(crate) etags: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes the run fail.
    pub(crate) fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity == Severity::Error,
            Self::Warning => true,
            Self::Never => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Applies to everything that is printed from now on; `auto` honours NO_COLOR and CLICOLOR_FORCE.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

impl SiteArguments {
    /// Lists the folder.
    pub(crate) fn load(&self) -> Result<Site, SiteError> {
        let mut options = SiteOptions::default();
        options.include = self
            .include
            .iter()
            .map(|glob| value::below_root(glob))
            .collect();
        options.exclude = self
            .exclude
            .iter()
            .map(|glob| value::below_root(glob))
            .collect();
        options.base_path.clone_from(&self.base_path);
        options.clean_urls = self.clean_urls;
        Site::load(&self.dist, &options)
    }

    /// The options of an analysis that makes no plan, or the default one.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::default();
        options.origin.clone_from(&self.origin);
        let color_scheme = match self.color_scheme {
            Scheme::Light => ColorScheme::Light,
            Scheme::Dark => ColorScheme::Dark,
        };
        let viewport = |argument: &ViewportArgument| Viewport {
            width: u32::from(argument.viewport.width),
            height: u32::from(argument.viewport.height),
            screen: None,
            dpr: if argument.says_dpr {
                argument.viewport.dpr()
            } else {
                self.dpr.unwrap_or(1.0)
            },
            color_scheme,
        };
        if self.viewport.is_empty() {
            for viewport in &mut options.viewports {
                viewport.color_scheme = color_scheme;
            }
        } else {
            options.viewports = self.viewport.iter().map(viewport).collect();
        }
        // One that is given twice is one.
        let mut seen = HashSet::new();
        options.viewports.retain(|viewport| seen.insert(*viewport));
        options
    }
}

impl PlanArguments {
    /// Completes the options of an analysis.
    pub(crate) fn complete(&self, mut options: Options) -> Options {
        options.budget = self.budget;
        options.etags = self.etags;
        options.think = self.think;
        options
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
