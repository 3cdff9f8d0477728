//! Load and figures: [`swarm`] loads a running server with bots over real sockets, [`tick`]
//! measures worlds in memory set by set. Both walk the same [`trajectories`].

mod machine;
mod page;
pub mod swarm;
pub mod tick;
pub mod trajectories;

pub use machine::Machine;
