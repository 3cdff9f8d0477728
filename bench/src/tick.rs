//! Cost of a tick: worlds of many sizes in memory, without sockets, ticked and timed set by set.
//! The library behind `odyssey bench tick`.
//!
//! The measurements stay honest:
//!
//! * People move as the bots of a swarm do, at the same density whatever their number, so that
//!   sizes can be compared.
//! * Between two ticks every session is drained, as by a writer that keeps up. That is not
//!   measured; sockets are not in it.
//! * The frames of a few sessions are decoded. A run in which nobody heard of anybody fails.

mod fit;
mod html;
mod options;
mod person;
mod received;
mod report;
mod run;
mod scene;
mod table;

pub use fit::{Fit, exponent};
pub use options::{Protocol, TickOptions, UnknownProtocol};
pub use report::{Allocations, Case, Delivered, Quantiles, Report, SetCost};
pub use run::{BenchError, Counter, Progress, run};
