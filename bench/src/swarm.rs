//! A swarm of bots that move about in one world over real sockets, each watching all others, and a
//! report of what they saw: the load generator behind `odyssey swarm`. It speaks PosBus version 1
//! and knows nothing of the server's inside.
//!
//! The measurements stay honest:
//!
//! * A bot writes the number of each of its updates into the direction it looks in, so whoever
//!   receives a position knows which update it is and, as all bots share a process, when it was
//!   sent and from where. An update that comes again is not counted again.
//! * A server may tell of those far away less often, so what is expected of it is that those near
//!   by see every update, that everybody's knowledge of everybody is fresh, and that in the end,
//!   when nobody moves any more, everybody knows where everybody is.
//! * The swarm measures its own scheduling lag. A run during which the generator itself was late is
//!   void.

mod bot;
mod drive;
mod frames;
mod guests;
mod histogram;
mod known;
mod lag;
mod options;
mod process;
mod progress;
mod report;
mod run;
mod scrape;
mod sent;
mod series;
mod stats;
mod table;
mod watch;
mod world;

pub use histogram::Quantiles;
pub use options::{Options, Transport, UnknownTransport, WELCOME_WORLD};
pub use process::ProcessUse;
pub use progress::{Phase, Progress};
pub use report::{
    Faults, Joins, Pairs, Plots, Report, Resumes, ServerFigures, TickFigures, Traffic, Updates,
    Users,
};
pub use run::{SwarmError, run};
pub use series::{Second, Series};
