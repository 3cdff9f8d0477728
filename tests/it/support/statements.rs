//! Cost of a request for the database.

use super::{Api, Server};

/// Text before the number of statements in a request's line of the log.
const STATEMENTS: &str = " statements=";
/// Number of measurements of a request.
const MEASUREMENTS: usize = 3;

impl Api {
    /// Number of SQL statements that a GET makes the server send, as the server's log tells. The
    /// least of several measurements: the caller's account is looked up once in a while.
    ///
    /// # Panics
    /// If the request is not answered with 200.
    pub(crate) async fn statements(&self, server: &Server, path: &str) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..MEASUREMENTS {
            self.change_something().await;
            let answer = self.get(path).await;
            let text = String::from_utf8_lossy(&answer.bytes);
            assert_eq!(answer.status, 200, "{path}: {text}");
            let request = answer.header("x-request-id").expect("a name");
            least = least.min(statements_of(server, request));
        }
        least
    }

    /// Writes to the database, so that no list that was rendered before holds any longer.
    async fn change_something(&self) {
        let wallet = "/auth/challenge?wallet=0x0000000000000000000000000000000000000001";
        assert_eq!(self.get(wallet).await.status, 200);
    }
}

/// The server logs a request before it answers.
fn statements_of(server: &Server, request: &str) -> u64 {
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains(request));
    let mut counts = lines.filter_map(|line| line.split_once(STATEMENTS));
    let (_, count) = counts.next().expect("the request is logged");
    count.parse().expect("a whole number")
}
