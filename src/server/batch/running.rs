//! A batch under way: a few rows at a time, as fast as the client sends and takes them.

use super::super::access::Denied;
use super::super::arriving::BodyFault;
use super::super::viability::Unanswered;
use super::Refused;
use super::answering::{Piece, Pieces};
use super::upload::Upload;
use crate::batch::asked::Asked;
use crate::batch::told::Told;
use crate::batch::{Batch, Row};
use crate::config::key::ApiKey;
use crate::metrics::labels::RowResult;
use crate::tenant::live::Recall;
use crate::tenant::memory::Judgement;
use crate::tenant::resolve::Request;
use crate::tenant::{Data, Tenant};
use crate::viability::plant::Scope;
use std::mem;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::yield_now;
use tokio::time::Instant;

/// A piece is sent when it has so many bytes: half of what a connection writes at a time.
const PIECE: usize = 8 << 10;
/// Longer than any table takes whose client reads: a place isn't held for days by who sends just enough.
const LONGEST: Duration = Duration::from_hours(1);
/// Rows between two looks at the clock: others wait for the thread no longer than that and [`SLICE`].
const ROWS: usize = 16;
const SLICE: Duration = Duration::from_millis(1);

/// Why there is nothing more to do.
enum Over {
    /// The client has gone.
    Left,
    /// It can't go on.
    Failed(Refused),
}

impl<E: Into<Refused>> From<E> for Over {
    fn from(fault: E) -> Self {
        Self::Failed(fault.into())
    }
}

/// A batch under way.
pub(super) struct Running {
    tenant: Arc<Tenant>,
    key: Arc<ApiKey>,
    scope: Arc<Scope>,
    /// When that was learned.
    scope_learned: Instant,
    batch: Batch,
    pieces: Pieces,
    /// Rows and their answers that nobody has been sent yet.
    output: Vec<u8>,
    /// Whether some have.
    has_sent: bool,
    last_line: u64,
    counts: Counts,
    since: Instant,
}

impl Running {
    /// Nothing has come yet.
    pub(super) fn new(
        tenant: Arc<Tenant>,
        (key, scope): (Arc<ApiKey>, Arc<Scope>),
        batch: Batch,
        pieces: Pieces,
    ) -> Self {
        let output = Vec::with_capacity(2 * PIECE);
        let since = Instant::now();
        Self {
            tenant,
            key,
            scope,
            scope_learned: since,
            batch,
            pieces,
            output,
            has_sent: false,
            last_line: 0,
            counts: Counts::default(),
            since,
        }
    }

    /// Answers it to its end, its client's, or whatever else ends it first. Holds the place meanwhile.
    pub(super) async fn run(mut self, mut upload: Upload, place: OwnedSemaphorePermit) {
        let outcome = self.answer(&mut upload).await;
        let ended = match &outcome {
            Ok(()) => "whole",
            Err(Over::Left) => "left",
            Err(Over::Failed(_)) => "failed",
        };
        let Counts { viable, not_viable, unknown, error } = self.counts;
        tracing::debug!(
            tenant = self.tenant.name(),
            ended,
            viable,
            not_viable,
            unknown,
            error,
            duration_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            "batch"
        );
        let last = match outcome {
            Ok(()) => Piece::End,
            Err(Over::Left) => return,
            Err(Over::Failed(refused)) => Piece::Failed(refused),
        };
        // Whoever has the answer may ask again at once.
        drop((place, upload));
        let _left = self.pieces.send(last).await;
    }

    async fn answer(&mut self, upload: &mut Upload) -> Result<(), Over> {
        let answered = self.rows(upload).await;
        if let (Err(Over::Failed(refused)), true) = (&answered, self.has_sent) {
            // The status has said 200 by now: this is where a client can read what happened.
            let told = Told::error(self.last_line, refused.code());
            self.batch.break_off(&told, &mut self.output);
            self.send().await?;
        }
        answered
    }

    async fn rows(&mut self, upload: &mut Upload) -> Result<(), Over> {
        while let Some(bytes) = upload.next().await? {
            if self.since.elapsed() > LONGEST {
                return Err(BodyFault::Late.into());
            }
            self.learn_scope().await?;
            let mut input: &[u8] = &bytes;
            while self.slice(&mut input)? {
                if self.output.len() >= PIECE {
                    self.send().await?;
                }
                if self.pieces.is_closed() {
                    return Err(Over::Left);
                }
                yield_now().await;
            }
            // What is wrong with a short one as a whole the status tells still.
            if !upload.is_over() {
                self.send().await?;
            }
        }
        if let Some(row) = self.batch.last()? {
            let data = self.tenant.data();
            self.row(row, data.as_deref(), Instant::now());
        }
        self.batch.finish(&mut self.output);
        self.send().await
    }

    /// What the key may see, again as often as for single queries: rights may end while rows come.
    async fn learn_scope(&mut self) -> Result<(), Over> {
        if self.scope_learned.elapsed() >= self.tenant.settings().access.scope_ttl {
            let now = Instant::now();
            self.scope =
                self.tenant.scope_of(&self.key, now).await.map_err(Denied::from).map_err(Unanswered::from)?;
            self.scope_learned = now;
        }
        Ok(())
    }

    /// Answers some rows; `false`: there is no whole one left in what has come.
    fn slice(&mut self, input: &mut &[u8]) -> Result<bool, Over> {
        let (began, data) = (Instant::now(), self.tenant.data());
        loop {
            for _ in 0..ROWS {
                let Some(row) = self.batch.next(input)? else { return Ok(false) };
                self.row(row, data.as_deref(), began);
                if self.output.len() >= PIECE {
                    return Ok(true);
                }
            }
            if began.elapsed() >= SLICE {
                return Ok(true);
            }
        }
    }

    /// Answers one row.
    fn row(&mut self, Row { line, asked }: Row, data: Option<&Data>, now: Instant) {
        let told = match asked {
            Ok(asked) => Told::judged(line, &self.judge(asked, data, now)),
            Err(fault) => Told::faulty(line, fault),
        };
        let result = told.result();
        self.tenant.batch_rows().count(result, 1);
        self.counts.count(result);
        self.last_line = line;
        self.batch.write(&told, &mut self.output);
    }

    fn judge<'d>(
        &self,
        Asked { center, radius }: Asked,
        data: Option<&'d Data>,
        now: Instant,
    ) -> Judgement<'d> {
        let request = Request { center, radius, recall: Recall::Allowed };
        self.tenant.judge(data, &request, &self.scope, now)
    }

    /// Sends what there is.
    async fn send(&mut self) -> Result<(), Over> {
        if self.output.is_empty() {
            return Ok(());
        }
        let rows = mem::replace(&mut self.output, Vec::with_capacity(2 * PIECE));
        self.has_sent = true;
        self.pieces.send(Piece::Rows(rows.into())).await.or(Err(Over::Left))
    }
}

/// Rows by what was said of them, for the log.
#[derive(Default)]
struct Counts {
    viable: u64,
    not_viable: u64,
    unknown: u64,
    error: u64,
}

impl Counts {
    fn count(&mut self, result: RowResult) {
        *match result {
            RowResult::Viable => &mut self.viable,
            RowResult::NotViable => &mut self.not_viable,
            RowResult::Unknown => &mut self.unknown,
            RowResult::Error => &mut self.error,
        } += 1;
    }
}
