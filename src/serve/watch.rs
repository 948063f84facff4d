//! Changes below a folder, for `--watch`.
//!
//! In: the folder of a site and the file that its policy is written to. Out: a wake-up once changes have come to
//! rest: [`QUIET`] after the last one, at most [`LONGEST`] after the first, so that a build which writes for a
//! minute is seen in between. The system tells of changes (`notify`: inotify, FSEvents, ReadDirectoryChangesW);
//! where it refuses, because there are more folders than it watches, the folder is looked through every second.
//!
//! Builds remove the folder and make it anew, and deployments set a link to another one. Either ends a watch of
//! the folder itself, so the folder that holds it is watched as well, and the watch begun anew. While the folder is
//! gone nothing is reported.
//!
//! Reading is no change. Nor is what the analysis itself writes into the folder, or it would never come to rest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use notify::event::ModifyKind;
use notify::{
    Config, ErrorKind, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher,
};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, timeout_at};

use crate::output::file;

/// How long nothing must change.
const QUIET: Duration = Duration::from_millis(200);

/// How long changes are waited for to end.
const LONGEST: Duration = Duration::from_secs(2);

/// How often the folder is looked through where the system does not tell.
const POLL: Duration = Duration::from_secs(1);

/// A watch of a folder. It ends when it is dropped.
pub(crate) struct Watch {
    watcher: Box<dyn Watcher + Send>,
    /// The folder as it was given, in a folder that is canonical.
    place: PathBuf,
    /// What is watched for the place, if there is something.
    root: Option<PathBuf>,
    /// The same for the filter; it stays what it was while there is nothing.
    watched: Arc<Mutex<PathBuf>>,
    is_polling: bool,
    news: Receiver<News>,
    unrest: Option<Unrest>,
}

/// What happened since the last report.
#[derive(Debug, Clone, Copy)]
struct Unrest {
    first: Instant,
    last: Instant,
    /// Whether the folder itself came, went or is another one.
    is_of_root: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Below,
    Root,
}

impl Unrest {
    /// When to report.
    fn deadline(&self) -> Instant {
        (self.last + QUIET).min(self.first + LONGEST)
    }
}

impl Watch {
    /// Begins to watch a folder; changes of `ignored`, the policy file, do not count.
    pub(crate) fn begin(folder: &Path, ignored: Option<&Path>) -> anyhow::Result<Self> {
        let cannot = || format!("cannot watch {}", folder.display());
        let place = place(folder).with_context(cannot)?;
        let root = fs::canonicalize(&place).with_context(cannot)?;
        let ignored = ignored.and_then(|file| below(&root, file));
        match Self::by(told, &place, &root, ignored.clone()) {
            Err(error) if can_poll_instead(&error) => {
                let watch = Self::by(polled, &place, &root, ignored).with_context(cannot)?;
                Ok(Self {
                    is_polling: true,
                    ..watch
                })
            }
            watch => watch.with_context(cannot),
        }
    }

    fn by(
        watcher: fn(Filter, Sender<News>) -> notify::Result<Box<dyn Watcher + Send>>,
        place: &Path,
        root: &Path,
        ignored: Option<PathBuf>,
    ) -> notify::Result<Self> {
        // What finds no room here has woken whoever waits already.
        let (sender, news) = mpsc::channel(64);
        let watched = Arc::new(Mutex::new(root.to_owned()));
        let filter = Filter {
            place: place.to_owned(),
            root: Arc::clone(&watched),
            ignored,
        };
        let mut watcher = watcher(filter, sender)?;
        watcher.watch(root, RecursiveMode::Recursive)?;
        if let Some(folder) = place.parent() {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(Self {
            watcher,
            place: place.to_owned(),
            root: Some(root.to_owned()),
            watched,
            is_polling: false,
            news,
            unrest: None,
        })
    }

    /// Whether the folder is looked through now and then, because the system does not tell of changes.
    pub(crate) fn is_polling(&self) -> bool {
        self.is_polling
    }

    /// Waits until something changed and has come to rest. Nothing is lost if the future is dropped.
    pub(crate) async fn changed(&mut self) {
        loop {
            let Some(unrest) = self.unrest else {
                match self.news.recv().await {
                    Some(news) => self.note(news),
                    // The watcher holds the other end for as long as this lives.
                    None => std::future::pending().await,
                }
                continue;
            };
            match timeout_at(unrest.deadline(), self.news.recv()).await {
                Ok(Some(news)) if Instant::now() < unrest.deadline() => self.note(news),
                Ok(Some(_)) | Ok(None) | Err(_) => {
                    let is_there = !unrest.is_of_root || self.watch_anew();
                    self.unrest = None;
                    if is_there {
                        return;
                    }
                }
            }
        }
    }

    fn note(&mut self, news: News) {
        let now = Instant::now();
        let unrest = self.unrest.get_or_insert(Unrest {
            first: now,
            last: now,
            is_of_root: false,
        });
        unrest.last = now;
        unrest.is_of_root |= news == News::Root;
    }

    /// Watches what is at the place now; whether there is a folder.
    fn watch_anew(&mut self) -> bool {
        if let Some(old) = self.root.take() {
            // It is gone already if the folder is.
            let _ = self.watcher.unwatch(&old);
        }
        let Ok(root) = fs::canonicalize(&self.place) else {
            return false;
        };
        // The filter first, so that nothing of the new folder is held for foreign.
        root.clone_into(&mut self.watched.lock().unwrap_or_else(PoisonError::into_inner));
        if self.watcher.watch(&root, RecursiveMode::Recursive).is_err() {
            return false;
        }
        self.root = Some(root);
        true
    }
}

/// A path in its canonical folder, itself not followed.
fn place(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok(fs::canonicalize(folder)?.join(name)),
        // The root of the file system, or a path that ends with `..`.
        _ => fs::canonicalize(path),
    }
}

/// A file's path below the root, links resolved; none if it is elsewhere, where it cannot disturb.
fn below(root: &Path, file: &Path) -> Option<PathBuf> {
    let canonical = fs::canonicalize(file).or_else(|_| place(file)).ok()?;
    canonical.strip_prefix(root).ok().map(Path::to_owned)
}

fn told(filter: Filter, sender: Sender<News>) -> notify::Result<Box<dyn Watcher + Send>> {
    let watcher = RecommendedWatcher::new(report(filter, sender), Config::default())?;
    Ok(Box::new(watcher))
}

fn polled(filter: Filter, sender: Sender<News>) -> notify::Result<Box<dyn Watcher + Send>> {
    let config = Config::default().with_poll_interval(POLL);
    let watcher = PollWatcher::new(report(filter, sender), config)?;
    Ok(Box::new(watcher))
}

/// Whether the system refused for want of watches, rather than because of the folder.
fn can_poll_instead(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
        ),
        _ => false,
    }
}

fn report(
    filter: Filter,
    sender: Sender<News>,
) -> impl FnMut(notify::Result<Event>) + Send + 'static {
    move |event| {
        let news = match event {
            Ok(event) => filter.news(&event),
            // Something was missed.
            Err(_) => Some(News::Root),
        };
        if let Some(news) = news {
            let _ = sender.try_send(news);
        }
    }
}

/// Which events are changes of the site.
#[derive(Debug, Clone)]
struct Filter {
    place: PathBuf,
    root: Arc<Mutex<PathBuf>>,
    /// Below the root, whichever that is.
    ignored: Option<PathBuf>,
}

impl Filter {
    fn news(&self, event: &Event) -> Option<News> {
        if event.need_rescan() {
            return Some(News::Root);
        }
        if matches!(event.kind, EventKind::Access(_)) {
            return None;
        }
        let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_metadata = matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_)));
        let paths = event.paths.iter();
        paths
            .filter_map(|path| {
                if *path == self.place || *path == *root {
                    // Its own times change with whatever is made in it.
                    return (!is_of_metadata).then_some(News::Root);
                }
                let below = path
                    .strip_prefix(&*root)
                    .or_else(|_| path.strip_prefix(&self.place))
                    .ok()?;
                (!self.is_ignored(below, is_of_metadata)).then_some(News::Below)
            })
            .max_by_key(|news| *news == News::Root)
    }

    /// The policy file, what it is written to before it gets its name, and the folder whose times they change.
    fn is_ignored(&self, below: &Path, is_of_metadata: bool) -> bool {
        let Some(ignored) = &self.ignored else {
            return false;
        };
        let is_beside = below.parent() == ignored.parent();
        let is_temporary = below
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(file::TEMPORARY));
        below == ignored
            || is_beside && is_temporary
            || is_of_metadata && Some(below) == ignored.parent()
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{
        AccessKind, AccessMode, CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode,
    };
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn only_changes_of_the_site_count() {
        let filter = Filter {
            place: "/srv/current".into(),
            root: Arc::new(Mutex::new("/srv/7".into())),
            ignored: Some("policy/push-policy.json".into()),
        };
        let modified = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let touched = EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        let created = EventKind::Create(CreateKind::Any);
        let removed = EventKind::Remove(RemoveKind::Any);
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        for (kind, paths, expected) in [
            (modified, &["/srv/7/a.css"][..], Some(News::Below)),
            (touched, &["/srv/7/a.css"], Some(News::Below)),
            (created, &["/srv/7/sub"], Some(News::Below)),
            (opened, &["/srv/7/a.css"], None),
            (modified, &["/srv/other"], None),
            (modified, &["/srv/77/a.css"], None),
            (created, &["/srv/current"], Some(News::Root)),
            (removed, &["/srv/7"], Some(News::Root)),
            (touched, &["/srv/7"], None),
            (renamed, &["/srv/next", "/srv/current"], Some(News::Root)),
            (modified, &["/srv/7/policy/push-policy.json"], None),
            (created, &["/srv/7/policy/.push-policy-a1B2c3"], None),
            (
                renamed,
                &[
                    "/srv/7/policy/.push-policy-a1B2c3",
                    "/srv/7/policy/push-policy.json",
                ],
                None,
            ),
            (touched, &["/srv/7/policy"], None),
            (created, &["/srv/7/policy"], Some(News::Below)),
            (created, &["/srv/7/.push-policy-a1B2c3"], Some(News::Below)),
            (
                renamed,
                &["/srv/7/policy/push-policy.json", "/srv/7/a.json"],
                Some(News::Below),
            ),
        ] {
            let event = paths
                .iter()
                .fold(Event::new(kind), |event, path| event.add_path(path.into()));
            assert_eq!(filter.news(&event), expected, "{event:?}");
        }
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(filter.news(&overflow), Some(News::Root));
    }

    #[test]
    fn a_report_waits_for_rest_but_not_for_ever() {
        let first = Instant::now();
        for (last, expected) in [
            (Duration::ZERO, QUIET),
            (
                Duration::from_millis(500),
                Duration::from_millis(500) + QUIET,
            ),
            (Duration::from_millis(1900), LONGEST),
            (Duration::from_millis(5000), LONGEST),
        ] {
            let unrest = Unrest {
                first,
                last: first + last,
                is_of_root: false,
            };
            assert_eq!(unrest.deadline(), first + expected, "{last:?}");
        }
    }

    /// Far longer than any report takes; waited for only by what fails.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
    }

    #[test]
    fn changes_are_reported_once_they_rest() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("dist");
        fs::create_dir_all(root.join("sub")).expect("folders");
        fs::write(root.join("sub/a.css"), "one").expect("a file");
        let policy = root.join("push-policy.json");
        runtime().block_on(async {
            let mut watch = Watch::begin(&root, Some(&policy)).expect("a watch");
            assert!(!watch.is_polling());
            // What is read, what is ignored and what is elsewhere.
            fs::read(root.join("sub/a.css")).expect("a file");
            fs::write(&policy, "{}").expect("a file");
            fs::write(folder.path().join("elsewhere"), "").expect("a file");
            let silence = timeout(4 * QUIET, watch.changed()).await;
            assert!(silence.is_err(), "a report without a change");
            fs::write(root.join("sub/a.css"), "two").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report of a change");
            fs::create_dir(root.join("new")).expect("a folder");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report of a new folder");
            fs::write(root.join("new/b.css"), "").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report from a new folder");
        });
    }

    #[test]
    fn a_folder_that_is_made_anew_is_watched_on() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("dist");
        fs::create_dir(&root).expect("a folder");
        fs::write(root.join("a.css"), "one").expect("a file");
        runtime().block_on(async {
            let mut watch = Watch::begin(&root, None).expect("a watch");
            fs::remove_dir_all(&root).expect("no folder");
            let silence = timeout(4 * QUIET, watch.changed()).await;
            assert!(silence.is_err(), "a report of a folder that is gone");
            fs::create_dir(&root).expect("a folder");
            fs::write(root.join("a.css"), "two").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report of the new folder");
            fs::write(root.join("b.css"), "three").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report from the new folder");
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_set_to_another_folder_is_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        for release in ["1", "2"] {
            fs::create_dir(path(release)).expect("a folder");
        }
        symlink("1", path("current")).expect("a link");
        runtime().block_on(async {
            let mut watch = Watch::begin(&path("current"), None).expect("a watch");
            symlink("2", path("next")).expect("a link");
            fs::rename(path("next"), path("current")).expect("the next release");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report of the next release");
            fs::write(path("2/a.css"), "").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report from the next release");
        });
    }

    #[test]
    fn looking_through_the_folder_finds_changes_too() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = place(&folder.path().join("dist")).expect("a path");
        fs::create_dir(&place).expect("a folder");
        runtime().block_on(async {
            let mut watch = Watch::by(polled, &place, &place, None).expect("a watch");
            fs::write(place.join("a.css"), "one").expect("a file");
            let report = timeout(PATIENCE, watch.changed()).await;
            assert!(report.is_ok(), "no report of a new file");
        });
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = Watch::begin(&folder.path().join("nowhere"), None).err();
        let message = format!("{:#}", error.expect("no folder"));
        assert!(
            message.contains("cannot watch") && message.contains("nowhere"),
            "{message}"
        );
    }
}
