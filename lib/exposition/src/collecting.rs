//! The thread on which a source collects, so that a read that blocks never blocks the server.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::page::Page;
use crate::query::{BadQuery, Query};
use crate::selfmetrics::SelfMetrics;

/// Scrapes that may wait for the source at a time.
const MAX_WAITING: usize = 64;

/// Something that fills a page with what it can read now.
pub trait Collect: Send + 'static {
    /// Adds the source's families to the page. What cannot be read is left out and told to
    /// [`Page::error`].
    fn collect(&mut self, page: &mut Page);

    /// Adds what the query asks for; a source that knows no parameters gives all that it has.
    ///
    /// # Errors
    /// Says what is wrong with the query.
    fn collect_part(&mut self, query: &Query, page: &mut Page) -> Result<(), BadQuery> {
        let _all = query;
        self.collect(page);
        Ok(())
    }

    /// Whether the data is complete enough for `/readyz`; asked after each collection.
    fn ready(&self) -> bool {
        true
    }
}

/// A source of which others have a handle too, to change it between two collections
/// ([`Collecting::between`]); they never hold it for long.
impl<S: Collect> Collect for Arc<Mutex<S>> {
    fn collect(&mut self, page: &mut Page) {
        lock(self).collect(page);
    }

    fn collect_part(&mut self, query: &Query, page: &mut Page) -> Result<(), BadQuery> {
        lock(self).collect_part(query, page)
    }

    fn ready(&self) -> bool {
        lock(self).ready()
    }
}

/// A source that panicked once goes on.
fn lock<S>(source: &Mutex<S>) -> MutexGuard<'_, S> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One page for all scrapes that asked for the same, or what is wrong with the query.
type Reply = Result<Arc<Page>, BadQuery>;

/// Why a source gave no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPage {
    /// It did not deliver it in time.
    Late,
    /// The query is wrong.
    BadQuery(BadQuery),
}

enum Task {
    Collect(Query, oneshot::Sender<Reply>),
    Between(Box<dyn FnOnce() + Send>),
    Stop(SyncSender<()>),
}

/// A handle to a source's thread. The thread ends on [`Collecting::stop`] or when the last handle is
/// gone.
#[derive(Clone)]
pub struct Collecting {
    tasks: SyncSender<Task>,
    metrics: Arc<SelfMetrics>,
}

impl Collecting {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(source: impl Collect, metrics: Arc<SelfMetrics>) -> std::io::Result<Self> {
        let source: Box<dyn Collect> = Box::new(source);
        let (tasks, inbox) = sync_channel(MAX_WAITING);
        let for_thread = Arc::clone(&metrics);
        std::thread::Builder::new()
            .name("collect".to_owned())
            .spawn(move || work(source, &inbox, &for_thread))?;
        Ok(Self { tasks, metrics })
    }

    /// The page that the query asks for.
    ///
    /// Scrapes that wait at the same time and ask the same share one collection.
    ///
    /// # Errors
    /// [`NoPage::Late`] where the source did not deliver it within `deadline`.
    pub async fn page(&self, query: Query, deadline: Duration) -> Result<Arc<Page>, NoPage> {
        let (reply, page) = oneshot::channel();
        let asked = self.tasks.try_send(Task::Collect(query, reply));
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = asked {
            self.metrics.count_timeout();
            return Err(NoPage::Late);
        }
        match tokio::time::timeout(deadline, page).await {
            Ok(Ok(reply)) => reply.map_err(NoPage::BadQuery),
            Ok(Err(_)) | Err(_) => {
                self.metrics.count_timeout();
                Err(NoPage::Late)
            }
        }
    }

    /// Does `work` on the source's thread, between two collections. False where the source is stuck or
    /// gone, and the work was not taken.
    pub fn between(&self, work: impl FnOnce() + Send + 'static) -> bool {
        self.tasks.try_send(Task::Between(Box::new(work))).is_ok()
    }

    /// Ends the thread and drops the source, so that it can tidy up. False where the source is
    /// stuck and did not end within `patience`.
    pub fn stop(&self, patience: Duration) -> bool {
        let (done, ended) = sync_channel(1);
        self.tasks.try_send(Task::Stop(done)).is_ok() && ended.recv_timeout(patience).is_ok()
    }
}

fn work(mut source: Box<dyn Collect>, inbox: &Receiver<Task>, metrics: &SelfMetrics) {
    let mut families = 0;
    while let Ok(first) = inbox.recv() {
        let mut waiting: HashMap<Query, Vec<oneshot::Sender<Reply>>> = HashMap::new();
        for task in std::iter::once(first).chain(inbox.try_iter()) {
            match task {
                Task::Collect(query, reply) => waiting.entry(query).or_default().push(reply),
                Task::Between(work) => work(),
                Task::Stop(done) => {
                    drop(source);
                    // Nobody may wait any more.
                    let _gone = done.send(());
                    return;
                }
            }
        }
        for (query, mut replies) in waiting {
            replies.retain(|reply| !reply.is_closed());
            if replies.is_empty() {
                continue;
            }
            // This page will be about as large as the last one.
            let page = Page::with_room(families);
            let page = collect(source.as_mut(), &query, page, metrics).map(Arc::new);
            families = page.as_ref().map_or(0, |page| page.families().count());
            for reply in replies {
                // A client that has gone away needs no page.
                let _gone = reply.send(page.clone());
            }
        }
    }
}

fn collect(
    source: &mut dyn Collect,
    query: &Query,
    mut page: Page,
    metrics: &SelfMetrics,
) -> Result<Page, BadQuery> {
    let started = Instant::now();
    let collected = catch_unwind(AssertUnwindSafe(|| {
        let collected = if query.is_empty() {
            source.collect(&mut page);
            Ok(())
        } else {
            source.collect_part(query, &mut page)
        };
        collected.map(|()| source.ready())
    }));
    let is_ready = collected.unwrap_or_else(|_| {
        tracing::error!("the collection panicked; this page shows what was read before");
        page.error("collect", "panic");
        Ok(false)
    })?;
    page.drop_excess();
    metrics.note_collection(&page, started.elapsed(), is_ready);
    metrics.collect(&mut page);
    page.sort();
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;
    use crate::selfmetrics::About;
    use std::sync::mpsc;

    const ABOUT: About = About { component: "test", about: "A test.", version: "0" };

    /// Waits for a token before each collection, so that a test can hold it up.
    struct Gated {
        tokens: mpsc::Receiver<()>,
        collections: u64,
    }

    impl Collect for Gated {
        fn collect(&mut self, page: &mut Page) {
            let _closed = self.tokens.recv();
            self.collections += 1;
            page.add(Family::gauge("collections", "Collections.").with(&[], self.collections));
        }
    }

    fn gated() -> (mpsc::Sender<()>, Collecting, Arc<SelfMetrics>) {
        let (token, tokens) = mpsc::channel();
        let metrics = Arc::new(SelfMetrics::new(ABOUT));
        let source = Gated { tokens, collections: 0 };
        (token, Collecting::start(source, Arc::clone(&metrics)).unwrap(), metrics)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_stuck_source_costs_one_deadline_and_recovers() {
        let (token, collecting, metrics) = gated();
        runtime().block_on(async {
            assert!(collecting.page(Query::default(), Duration::from_millis(5)).await.is_err());
            token.send(()).unwrap();
            token.send(()).unwrap();
            let page = collecting.page(Query::default(), Duration::from_secs(60)).await.unwrap();
            assert!(page.family("collections").is_some());
        });
        let mut page = Page::default();
        metrics.collect(&mut page);
        let timeouts = page.family("edctl_collect_timeouts_total").unwrap();
        assert_eq!(timeouts.samples[0].value, crate::Value::U64(1));
    }

    #[test]
    fn a_panic_costs_one_page_and_stop_drops_the_source() {
        struct Panics {
            _held: Arc<()>,
        }
        impl Collect for Panics {
            fn collect(&mut self, _page: &mut Page) {
                panic!("as the test wants it");
            }
        }
        let held = Arc::new(());
        let metrics = Arc::new(SelfMetrics::new(ABOUT));
        let collecting = Collecting::start(Panics { _held: Arc::clone(&held) }, metrics).unwrap();
        for _ in 0..2 {
            let page = runtime()
                .block_on(collecting.page(Query::default(), Duration::from_secs(60)))
                .unwrap();
            assert!(page.family("edctl_collect_errors_total").is_some());
        }
        assert!(collecting.stop(Duration::from_secs(60)));
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn work_between_two_collections_comes_before_the_next() {
        let source = Arc::new(Mutex::new(Counter(0)));
        let metrics = Arc::new(SelfMetrics::new(ABOUT));
        let collecting = Collecting::start(Arc::clone(&source), metrics).unwrap();
        assert!(collecting.between(move || source.lock().unwrap().0 = 41));
        let page =
            runtime().block_on(collecting.page(Query::default(), Duration::from_secs(60))).unwrap();
        assert_eq!(page.family("collections").unwrap().samples[0].value, crate::Value::U64(42));
    }

    struct Counter(u64);

    impl Collect for Counter {
        fn collect(&mut self, page: &mut Page) {
            self.0 += 1;
            page.add(Family::gauge("collections", "Collections.").with(&[], self.0));
        }
    }
}
