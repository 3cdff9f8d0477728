//! Number of SQL statements, altogether and of one piece of work.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sea_orm::DatabaseConnection;

tokio::task_local! {
    /// Statements of the work at hand.
    static COUNT: Arc<AtomicU64>;
}

/// Counts every statement that goes over a connection, in transactions or outside of them. What
/// begins and ends transactions is no statement.
pub(crate) fn counted(mut connection: DatabaseConnection) -> DatabaseConnection {
    let statements = metrics::counter!("odyssey_database_statements_total");
    connection.set_metric_callback(move |_| {
        statements.increment(1);
        // Nobody counts the statements of work that has no caller.
        let _ = COUNT.try_with(|count| count.fetch_add(1, Ordering::Relaxed));
    });
    connection
}

/// Does `work` and counts the statements that it sends.
pub async fn count_statements<T>(work: impl Future<Output = T>) -> (T, u64) {
    let count = Arc::<AtomicU64>::default();
    let output = COUNT.scope(Arc::clone(&count), work).await;
    (output, count.load(Ordering::Relaxed))
}

/// `work` for a task of its own, whose statements are those of who calls this.
pub fn counted_for_caller<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let count = COUNT.try_with(Arc::clone).unwrap_or_default();
    COUNT.scope(count, work)
}
