//! A swarm of bots that move about in one world over real sockets, each watching all others, and a report of what they
//! saw: the load generator behind `odyssey swarm`. It speaks PosBus version 1 and knows nothing of the server's inside.
//!
//! What is measured, and how it stays honest:
//!
//! * A bot writes the number of each of its updates into the height it reports, so whoever receives a position knows which
//!   update it is and, as all bots share a process, when it was sent. An update that comes again is not counted again.
//! * A server may merge updates, so besides the updates themselves the age of what every bot knows of the others is
//!   sampled, and at the end, when nobody moves any more, everybody has to know where everybody is.
//! * The swarm measures its own scheduling lag. A run during which the generator itself was late is void.

mod bot;
mod guests;
mod histogram;
mod lag;
mod ledger;
mod options;
mod process;
mod progress;
mod report;
mod run;
mod scrape;
mod sight;
mod table;

pub use histogram::Quantiles;
pub use options::{Options, WELCOME_WORLD};
pub use process::ProcessUse;
pub use progress::{Phase, Progress};
pub use report::{
    Faults, Joins, Machine, Pairs, Report, ServerFigures, TickFigures, Traffic, Updates, Users,
};
pub use run::{SwarmError, run};
pub use walks::{Path, Pattern, Place, UnknownPattern};
