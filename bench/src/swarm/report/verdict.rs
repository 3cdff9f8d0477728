//! Whether a run counts, and what went wrong in it.

use super::{Report, ratio};
use crate::swarm::Quantiles;

/// The swarm's own lag in milliseconds, of which 99 % has to stay below. Above, it measured itself.
const MAX_LAG: f64 = 5.0;
/// The share of what had to be seen that has to have been.
const ENOUGH: f64 = 0.99;

/// Why a run with this lag does not count, if so.
pub(super) fn void(lag: Quantiles) -> Option<String> {
    if lag.count == 0 {
        return Some("the lag of the swarm itself was not measured".to_owned());
    }
    (lag.p99 > MAX_LAG).then(|| {
        format!(
            "the swarm itself was late: p99 of its lag is {:.1} ms, above {MAX_LAG} ms",
            lag.p99
        )
    })
}

/// Failures; none if all was well.
pub(super) fn failures(report: &Report) -> Vec<String> {
    let Report {
        users,
        pairs,
        faults,
        updates,
        resumes,
        ..
    } = report;
    let mut failures = Vec::new();
    let mut fail = |failed: bool, what: String| failures.extend(failed.then_some(what));
    let limited = users.losses.keys().any(|kind| kind == "http_429");
    fail(users.lost > 0, format!("{} users lost", users.lost));
    fail(
        limited,
        "the server limits connections: start it with --limits off".to_owned(),
    );
    fail(
        updates.sent > 0 && updates.seen == 0 && users.readers > 1,
        "of all that was sent nothing was seen: nothing was measured".to_owned(),
    );
    fail(
        updates.expected > updates.merged && updates.seen_share < ENOUGH,
        format!(
            "only {:.2} % of the updates were seen by those near by",
            updates.seen_share * 100.0
        ),
    );
    let unknown = pairs.expected - pairs.known;
    fail(
        unknown > 0,
        format!("{unknown} times somebody was never announced to another one"),
    );
    let unseen = pairs.known - pairs.seen;
    fail(
        unseen > 0,
        format!("{unseen} times no update of somebody ever reached another one"),
    );
    let settled = ratio(pairs.settled as f64, pairs.expected as f64);
    fail(
        pairs.expected > 0 && settled < ENOUGH,
        format!(
            "only {:.2} % knew in the end where the others are",
            settled * 100.0
        ),
    );
    fail(
        pairs.sampled > 0 && pairs.fresh_share < ENOUGH,
        format!(
            "only {:.2} % of the known positions were fresh",
            pairs.fresh_share * 100.0
        ),
    );
    let planned = (updates.sent + updates.skipped) as f64;
    let skipped = ratio(updates.skipped as f64, planned);
    fail(
        skipped > 1.0 - ENOUGH,
        format!("{:.2} % of the updates were not sent", skipped * 100.0),
    );
    for (count, what) in [
        (faults.order_violations, "positions went backwards"),
        (faults.tick_violations, "ticks went backwards"),
        (
            faults.handle_conflicts,
            "handles were given to two who were there",
        ),
        (faults.wrong_positions, "positions were never sent"),
        (
            faults.false_removals,
            "times a user who was there was said to be gone",
        ),
        (
            resumes.blinks,
            "times a user who was only away for a moment was said to be gone or new",
        ),
        (
            resumes.strangers,
            "users who came back were taken for somebody new",
        ),
        (
            resumes.cut - resumes.returned,
            "users who cut their connection could not come back",
        ),
        (faults.undecodable, "frames could not be decoded"),
    ] {
        fail(count > 0, format!("{count} {what}"));
    }
    failures
}
