//! Cost of a request for the database.

use super::Api;

/// The counter of the statements that were sent.
const STATEMENTS: &str = "odyssey_database_statements_total ";
/// Number of measurements of a request.
const MEASUREMENTS: usize = 3;

impl Api {
    /// Number of SQL statements that a GET makes the server send, on a server where nothing else
    /// happens. The least of several measurements: the caller's account is looked up once in a
    /// while, and the sweeper of guests comes once a minute.
    ///
    /// # Panics
    /// If the request is not answered with 200.
    pub(crate) async fn statements(&self, path: &str) -> u64 {
        // Answered when everything that ships with the program has its place.
        self.get("/media/meta/unknown")
            .await
            .refused(404, "not_found");
        let mut least = u64::MAX;
        for _ in 0..MEASUREMENTS {
            self.change_something().await;
            let before = self.statements_so_far().await;
            let answer = self.get(path).await;
            let text = String::from_utf8_lossy(&answer.bytes);
            assert_eq!(answer.status, 200, "{path}: {text}");
            least = least.min(self.statements_so_far().await - before);
        }
        least
    }

    /// Writes to the database, so that no list that was rendered before holds any longer.
    async fn change_something(&self) {
        let wallet = "/auth/challenge?wallet=0x0000000000000000000000000000000000000001";
        assert_eq!(self.get(wallet).await.status, 200);
    }

    async fn statements_so_far(&self) -> u64 {
        let answer = self.root("/metrics").await;
        let text = String::from_utf8(answer.bytes).expect("text");
        let mut values = text
            .lines()
            .filter_map(|line| line.strip_prefix(STATEMENTS));
        let value = values.next().expect("the counter is exported");
        value.parse().expect("a whole number")
    }
}
